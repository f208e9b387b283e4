//! kill -9, again and again, while phones ask and people change things.

use super::{is_whole, settle};
use crate::support::eventually;
use crate::support::phone::{add, mac};
use crate::support::raw::{self, SOMEONE};
use crate::support::server::{Phonebox, ask};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: usize = 20;
const PHONES: usize = 8;
const PEOPLE: usize = 2;

/// What was acknowledged before the process died is there; it is back within a second; the file is whole.
#[test]
fn fault_01_twenty_times_kill_9_loses_nothing_that_was_acknowledged() {
    let mut phonebox = Phonebox::start_with(&["--misses-per-minute", "1000000"]);
    let mut yealink = settle(&phonebox);
    let acknowledged: Mutex<BTreeSet<String>> = Mutex::default();
    let mut best = Duration::MAX;
    for round in 0..ROUNDS {
        let answered = burst(&mut phonebox, round, &acknowledged);
        assert!(answered > 0);
        let start = Instant::now();
        phonebox.run();
        best = best.min(start.elapsed());
        is_whole(&phonebox);
        check(&phonebox, &acknowledged);
        assert!(yealink.poll().configured);
    }
    // A second is the promise of a release build on a quiet machine.
    assert!(best < Duration::from_millis(1500), "{best:?}");
    assert!(acknowledged.lock().unwrap().len() >= ROUNDS);
}

/// Phones ask and people add sites until a few of both were answered; then the process is killed in the middle of it.
fn burst(phonebox: &mut Phonebox, round: usize, acknowledged: &Mutex<BTreeSet<String>>) -> usize {
    let (answered, added, over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let (http, token, admin) = (phonebox.http(), phonebox.token(), phonebox.admin());
    std::thread::scope(|scope| {
        for phone in 0..PHONES {
            let (answered, over) = (&answered, &over);
            scope.spawn(move || {
                // Eight at a time on eight connections: 64 wait at any moment.
                while !over.load(Ordering::Relaxed) {
                    let Ok(mut stream) = TcpStream::connect(http) else { return };
                    let ask = |n: usize| {
                        format!("GET /805ec0{round:02x}{phone:02x}{n:02x}.cfg HTTP/1.1\r\nHost: x\r\n{SOMEONE}\r\n")
                    };
                    let _ = stream.write_all((0..8).map(ask).collect::<String>().as_bytes());
                    let count = (0..8).map_while(|_| raw::read(&mut stream, false)).count();
                    answered.fetch_add(count, Ordering::Relaxed);
                }
            });
        }
        for person in 0..PEOPLE {
            let (added, over, token) = (&added, &over, &token);
            scope.spawn(move || {
                for number in 0.. {
                    let name = format!("r{round}-p{person}-{number}");
                    match ask(admin, token, "POST", "/api/v1/sites", &format!("{{\"name\":\"{name}\"}}")) {
                        Ok(reply) if reply.status == 201 => acknowledged.lock().unwrap().insert(name),
                        Ok(reply) => panic!("{} {}", reply.status, String::from_utf8_lossy(&reply.body)),
                        Err(_) => return,
                    };
                    added.fetch_add(1, Ordering::Relaxed);
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        // Not always at the same place.
        let enough = 3 + round % 5;
        eventually("some changes are acknowledged", || {
            added.load(Ordering::Relaxed) >= enough && answered.load(Ordering::Relaxed) >= 64
        });
        phonebox.kill();
        over.store(true, Ordering::Relaxed);
    });
    answered.load(Ordering::Relaxed)
}

fn check(phonebox: &Phonebox, acknowledged: &Mutex<BTreeSet<String>>) {
    let conn = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    let mut statement = conn.prepare("SELECT name FROM site").unwrap();
    let there: BTreeSet<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let lost: Vec<_> = acknowledged.lock().unwrap().iter().filter(|name| !there.contains(*name)).cloned().collect();
    assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
}

/// Check-ins lag by a quarter of a second: what was answered a second before the end is there.
#[test]
fn fault_01_check_ins_of_a_second_ago_survive_kill_9() {
    let mut phonebox = Phonebox::start_with(&["--misses-per-minute", "1000000"]);
    let asked = raw::flood(phonebox.http(), None, 500, |n| format!("/805ec0{n:06x}.cfg")).len() as i64;
    eventually("they are written", || phonebox.count("SELECT coalesce(sum(count), 0) FROM check_in") == asked);
    phonebox.kill();
    phonebox.run();
    assert_eq!(phonebox.count("SELECT coalesce(sum(count), 0) FROM check_in"), asked);
}

/// An import is one transaction: all of it or nothing, and afterwards it can simply be done again.
#[test]
fn fault_02_kill_9_in_an_import_leaves_nothing_or_all() {
    const ROWS: usize = 20_000;
    let mut phonebox = Phonebox::start();
    let log = phonebox.path().join("phonebox.db-wal");
    let size = || std::fs::metadata(&log).map_or(0, |facts| facts.len());
    let mut all = 0;
    for (round, moment) in ["while it reads", "later", "while it writes"].into_iter().enumerate() {
        let mut csv = String::from("mac,model,name,line1_user,line1_password,sip.server\n");
        for number in 0..ROWS {
            csv.push_str(&format!(
                "805ec{round:x}{number:06x},T54W,Desk {number},{number},secret-{number},pbx.example\n"
            ));
        }
        let file = phonebox.file(&csv).display().to_string();
        let (ticks, written) = (phonebox.ticks(), size());
        let said = std::thread::scope(|scope| {
            let there = &phonebox;
            let import = scope.spawn(|| there.try_cli(&["device", "import", &file]));
            eventually(moment, || {
                let is_there = match moment {
                    "while it reads" => there.ticks() > ticks + 10,
                    "later" => there.ticks() > ticks + 60,
                    _ => size() > written + (1 << 20),
                };
                is_there || import.is_finished()
            });
            there.signal(libc::SIGKILL);
            import.join().unwrap()
        });
        phonebox.kill();
        phonebox.run();
        is_whole(&phonebox);
        let like = format!("SELECT count(*) FROM device WHERE mac >> 24 = {}", 0x805ec0 + round);
        let count = phonebox.count(&like) as usize;
        assert!(count == ROWS || count == 0 && said.code != 0, "{moment}: {count}, {}", said.out);
        all += count;
        assert_eq!(phonebox.count("SELECT count(*) FROM sip_account") as usize, all);
        if count == 0 {
            assert_eq!(phonebox.json(&["device", "import", &file])["added"], ROWS);
            all += ROWS;
        }
        phonebox.kill();
        phonebox.run();
        assert_eq!(phonebox.count(&like) as usize, ROWS, "acknowledged: all of it");
    }
}

/// The last block is acknowledged only after the box was told to stop: it is noted all the same.
#[test]
fn fault_24_what_was_delivered_while_the_box_stops_is_noted() {
    let mut phonebox = Phonebox::start();
    phonebox.cli(&["profile", "set", "default", "--secrets-over-tftp", "true"]);
    add(&phonebox, "T54W", &[]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let name = format!("{}.cfg", mac("T54W"));
    socket.send_to(&[b"\x00\x01", name.as_bytes(), b"\0octet\0"].concat(), phonebox.tftp()).unwrap();
    let mut packet = [0; 600];
    loop {
        let (length, peer) = socket.recv_from(&mut packet).unwrap();
        assert_eq!(packet[1], 3, "{:?}", &packet[..length]);
        let is_last = length < 516;
        if is_last {
            phonebox.signal(libc::SIGTERM);
            eventually("it stops", || phonebox.said().contains("stopping"));
        }
        socket.send_to(&[0, 4, packet[2], packet[3]], peer).unwrap();
        if is_last {
            break;
        }
    }
    assert!(phonebox.ended().success());
    assert_eq!(phonebox.count("SELECT count(*) FROM device WHERE enrolled_at IS NOT NULL"), 1);
}

/// A bug in one change is that change's: the one beside it and the next one are stored, and no lock stays shut.
#[test]
fn fault_32_a_change_that_panics_takes_nobody_with_it() {
    let phonebox = crate::support::admin::running();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let db = &phonebox.db;
    let good = |name: &'static str| {
        db.write(move |tx| {
            Ok::<_, phonebox::db::Error>(
                tx.execute("INSERT INTO device_group (account_id, name, created_at) VALUES (1, ?1, 0)", [name])?,
            )
        })
    };
    let bad = db.write(|_| -> Result<(), phonebox::db::Error> { panic!("a bug") });
    let (before, panicked, beside) = runtime.block_on(async { tokio::join!(good("before"), bad, good("beside")) });
    assert!(before.is_ok() && beside.is_ok() && panicked.is_err());
    assert!(runtime.block_on(good("after")).is_ok());
    for name in ["before", "beside", "after"] {
        phonebox.get(&format!("/groups/{name}")).json(200);
    }
}
