#!/usr/bin/env bash
# TFTP beside tftpd-hpa, atftpd and dnsmasq: all on loopback, started by this script, in interleaved rounds.
#
#   tests/bench/tftp.sh [ROUNDS [SECONDS]]        default 5 rounds of 5 seconds
#
# Measures the door alone (tests/bench/tftp_serve.rs). For the whole box give its TFTP address, its process and files
# of the same sizes under names that it serves with the same bytes:
#   SERVER=127.0.0.1:6969 SERVER_PID=1234 SMALL=/tmp/805ec0aabb01.cfg LARGE=/tmp/firmware.rom tests/bench/tftp.sh
#
# Prints medians, processor time of the server per request (children included), and the ratios against targets.md.
# Ends with 1 when a ratio misses its bar or any request failed. dnsmasq knows no port but 69: root, or it is left out.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages
rounds=${1:-5} seconds=${2:-5}

# The two packages refuse to be installed together, so their programs are only unpacked.
need libwrap0 dnsmasq-base
peers=${CARGO_TARGET_DIR:-target}/bench-peers
if [ ! -x "$peers/usr/sbin/atftpd" ] || [ ! -x "$peers/usr/sbin/in.tftpd" ]; then
  mkdir -p "$peers"
  (cd "$peers" && apt-get -qq -o APT::Sandbox::User=root download tftpd-hpa atftpd && for deb in *.deb; do dpkg-deb -x "$deb" .; done)
fi
cargo build --quiet --release --examples
bin=${CARGO_TARGET_DIR:-target}/release/examples

files=$(mktemp -d) pids=()
stop() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  [ -z "${groups:-}" ] || rmdir "$groups/phonebox-bench-$$"-* 2>/dev/null || true
  rm -rf "$files"
}
trap stop EXIT
chmod 755 "$files"
[ -n "${SMALL:-}" ] || { SMALL=$files/small.cfg; head -c 4096 /dev/urandom >"$SMALL"; }
[ -n "${LARGE:-}" ] || { LARGE=$files/large.rom; head -c $((20 << 20)) /dev/urandom >"$LARGE"; }
# The peers serve the same names from one folder.
cp -n "$SMALL" "$LARGE" "$files" 2>/dev/null || true
chmod 644 "$files"/*

# A group of processes counts the children of tftpd-hpa too, which /proc does not: it ignores their end.
groups=
for groups in /sys/fs/cgroup/cpuacct /sys/fs/cgroup ""; do
  [ -e "$groups/cgroup.procs" ] && mkdir "$groups/phonebox-bench-$$" 2>/dev/null && rmdir "$groups/phonebox-bench-$$" && break
done
[ -n "$groups" ] || echo "no control groups: processor time of tftpd-hpa is without its children"

declare -A address pid
start() { # name address command…
  local name=$1 group=$groups/phonebox-bench-$$-$1
  address[$name]=$2
  shift 2
  [ -z "$groups" ] || mkdir "$group"
  (
    [ -z "$groups" ] || echo "$BASHPID" >"$group/cgroup.procs"
    exec "$@"
  ) >"$files/.$name.log" 2>&1 &
  pid[$name]=$!
  pids+=($!)
}
if [ -n "${SERVER:-}" ]; then
  address[phonebox]=$SERVER
  pid[phonebox]=${SERVER_PID:?the process that serves $SERVER}
else
  start phonebox 127.0.0.1:17001 "$bin/tftp_serve" 127.0.0.1:17001 "$SMALL" "$LARGE"
fi
start tftpd-hpa 127.0.0.1:17002 "$peers/usr/sbin/in.tftpd" --listen --foreground --address 127.0.0.1:17002 \
  --user "$(id -un)" --secure "$files"
start atftpd 127.0.0.1:17003 "$peers/usr/sbin/atftpd" --daemon --no-fork --bind-address 127.0.0.1 --port 17003 \
  --user "$(id -un)" --group "$(id -gn)" --logfile /dev/null --verbose=0 "$files"
start dnsmasq 127.0.0.1:69 dnsmasq --conf-file=/dev/null --keep-in-foreground --port=0 --enable-tftp --pid-file= \
  --listen-address=127.0.0.1 --bind-interfaces --tftp-root="$files" --tftp-max=1000 --user="$(id -un)"

load() { "$bin/tftp_load" "${address[$1]}" "${@:2}"; }
ready=()
for name in phonebox tftpd-hpa atftpd dnsmasq; do
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    read -r answered _ < <(load "$name" "$SMALL" 1 1468 1 0.2) || answered=0
    [ "${answered%.*}" = 0 ] || { ready+=("$name"); break; }
  done
  [ "${answered%.*}" != 0 ] || { echo "$name does not answer: left out"; sed 's/^/  /' "$files/.$name.log" || true; }
done

# Processor time so far, in microseconds.
used() {
  local group=$groups/phonebox-bench-$$-$1
  if [ -n "$groups" ] && [ -e "$group/cpuacct.usage" ]; then
    echo $(($(<"$group/cpuacct.usage") / 1000))
  elif [ -n "$groups" ] && [ -e "$group/cpu.stat" ]; then
    awk '$1 == "usage_usec" {print $2}' "$group/cpu.stat"
  else
    sed 's/.*) //' "/proc/${pid[$1]}/stat" | awk -v hz="$(getconf CLK_TCK)" '{print ($12 + $13 + $14 + $15) * 1000000 / hz}'
  fi
}

compare() { # title file clients window unit per-request peer=bar,goal…
  local title=$1 file=$2 clients=$3 window=$4 unit=$5 each=$6 name before
  shift 6
  local results=$files/.results
  : >"$results"
  for name in "${ready[@]}"; do
    [[ $name = phonebox || " $*" = *" $name="* ]] && load "$name" "$file" "$clients" 1468 "$window" 1 >/dev/null
  done
  for _ in $(seq "$rounds"); do
    for name in "${ready[@]}"; do
      [[ $name = phonebox || " $*" = *" $name="* ]] || continue
      before=$(used "$name")
      echo "$name $(load "$name" "$file" "$clients" 1468 "$window" "$seconds") $(($(used "$name") - before))" >>"$results"
    done
  done
  echo
  echo "$title, $rounds x $seconds s"
  awk -v unit="$unit" -v each="$each" -v targets="$*" '
    function median(of, n, i, j, swap) {
      for (i = 1; i <= n; i++) list[i] = of[i]
      for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (list[j] < list[i]) { swap = list[i]; list[i] = list[j]; list[j] = swap }
      return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
    }
    # name requests seconds errors client-seconds server-microseconds
    {
      if (!($1 in n)) order[++names] = $1
      i = ++n[$1]; errors[$1] += $4
      rate[$1, i] = $2 * each / $3; cpu[$1, i] = $2 ? $6 / $2 : 0; client[$1, i] = $2 ? $5 * 1e6 / $2 : 0
    }
    END {
      printf "  %-10s %12s %18s %18s %8s\n", "", unit, "server us/request", "client us/request", "errors"
      for (k = 1; k <= names; k++) {
        name = order[k]
        for (i = 1; i <= n[name]; i++) { a[i] = rate[name, i]; b[i] = cpu[name, i]; c[i] = client[name, i] }
        r[name] = median(a, n[name]); p[name] = median(b, n[name])
        printf "  %-10s %12.1f %18.1f %18.1f %8d\n", name, r[name], p[name], median(c, n[name]), errors[name]
      }
      count = split(targets, wanted, " ")
      for (k = 1; k <= count; k++) {
        split(wanted[k], part, "="); split(part[2], limit, ","); name = part[1]
        if (!(name in n) || !r[name]) continue
        ratio = r["phonebox"] / r[name]
        verdict = ratio < limit[1] ? "MISSED" : ratio < limit[2] ? "passed" : "goal reached"
        if (limit[1] == 0) verdict = "no target"; else if (ratio < limit[1]) missed = 1
        printf "  over %-10s rate x %.2f (bar %s, goal %s: %s), processor time x %.2f\n", name, ratio, limit[1], limit[2], verdict, p["phonebox"] / p[name]
      }
      exit missed || errors["phonebox"] > 0
    }' "$results" || status=1
}

status=0
large=$(($(stat -c %s "$LARGE")))
mib=$(awk -v bytes="$large" 'BEGIN {print bytes / 1048576}')
compare "4 KiB, 32 clients, blksize 1468" "$SMALL" 32 1 requests/s 1 tftpd-hpa=4,10 atftpd=0,0 dnsmasq=0.3,1
compare "20 MiB, 1 client, blksize 1468, windowsize 16" "$LARGE" 1 16 MiB/s "$mib" atftpd=0.8,1.5
compare "20 MiB, 8 clients, blksize 1468" "$LARGE" 8 1 MiB/s "$mib" tftpd-hpa=0,0 atftpd=0,0 dnsmasq=0,0
exit "$status"
