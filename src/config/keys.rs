//! The one table of keys: name in the file, flag, default, help and check. File, environment, `--help`,
//! `check-config` and the validation are made from it. Keys without a section come first, as TOML wants it.

use super::{Config, value};

pub struct Key {
    /// `section.name`, or a name without section.
    pub path: &'static str,
    /// Without dashes. The environment variable is `PHONEBOX_` and this in capitals.
    pub flag: &'static str,
    /// What `--help` shows for the value.
    pub value: &'static str,
    pub default: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    /// Checks the text and puts it into its place; the error is the rule and an example of what is right.
    pub read: fn(&mut Config, &str) -> Result<(), String>,
}

/// How a value looks in a TOML file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Relative to the file's directory when it stands in a file.
    Path,
    Number,
    /// Separated by commas outside of a TOML file.
    List,
}

macro_rules! keys {
    ($($path:literal $flag:literal $kind:ident $value:literal = $default:literal, $help:literal, $read:expr;)*) => {
        pub static KEYS: &[Key] = &[$(Key {
            path: $path, flag: $flag, kind: Kind::$kind, value: $value, default: $default, help: $help, read: $read,
        }),*];
    };
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

keys! {
    "data" "data" Path "DIR" = "", "Data directory: database, keys, files",
        |c, text| value::path(text).map(|path| c.data = path);
    "key_file" "key-file" Path "FILE" = "", "Sealing key; without it no stored secret opens [default: DIR/seal.key]",
        |c, text| value::optional(text, value::path).map(|path| c.key_file = path);
    "trusted_proxies" "trusted-proxies" List "CIDRS" = "", "Proxies in front of this box that may name the real peer, of phones and of people",
        |c, text| value::networks(text).map(|networks| c.trusted_proxies = networks);

    "listen.admin" "admin" List "ADDR" = "8443", "Admin API, HTTPS: port, address:port, or off",
        |c, text| value::bind(text, 8443).map(|bind| c.listen.admin = bind);
    "listen.http" "http" List "ADDR" = "8080", "Phones by HTTP; do not change a port once phones know it",
        |c, text| value::bind(text, 8080).map(|bind| c.listen.http = bind);
    "listen.https" "https" List "ADDR" = "8444", "Phones by HTTPS; do not change a port once phones know it",
        |c, text| value::bind(text, 8444).map(|bind| c.listen.https = bind);
    "listen.tftp" "tftp" List "ADDR" = "6969", "Phones by TFTP (UDP); do not change a port once phones know it",
        |c, text| value::bind(text, 6969).map(|bind| c.listen.tftp = bind);

    "public.names" "names" List "NAMES" = "", "DNS names of this box, besides its host name",
        |c, text| value::names(text).map(|names| c.public.names = names);
    "public.admin" "public-admin" Text "URL" = "", "How people reach this box's page: links in mails lead there",
        |c, text| value::optional(text, value::origin).map(|url| c.public.admin = url);
    "public.http" "public-http" Text "URL" = "", "How phones reach this box by HTTP, when not as it sees itself",
        |c, text| value::optional(text, |url| value::url(url, false)).map(|url| c.public.http = url);
    "public.https" "public-https" Text "URL" = "", "The same for HTTPS",
        |c, text| value::optional(text, |url| value::url(url, true)).map(|url| c.public.https = url);
    "public.tftp" "public-tftp" Text "URL" = "", "The same for TFTP",
        |c, text| value::optional(text, value::tftp).map(|place| c.public.tftp = place);

    "public.feedback" "feedback" Text "ADDR" = "", "Whom people write to about this box: an e-mail address or a URL",
        |c, text| value::optional(text, value::contact).map(|contact| c.public.feedback = contact);
    "public.privacy" "privacy" Text "URL" = "", "Your privacy policy, instead of the one in the help",
        |c, text| value::optional(text, value::page).map(|url| c.public.privacy = url);

    "ca.key" "ca-key" Text "KIND" = "rsa-2048", "Keys of a CA that is made: rsa-2048, rsa-3072, rsa-4096 or ecdsa-p256",
        |c, text| value::ca_key(text).map(|key| c.ca.key = key);
    "ca.permitted" "ca-permitted" List "NAMES" = "", "Names and networks a CA that is made is limited to; not every phone obeys",
        |c, text| value::permitted(text).map(|permitted| c.ca.permitted = permitted);

    "provision.window_hours" "window-hours" Number "HOURS" = "24", "First-contact window after activation",
        |c, text| value::number(text, 1, 24 * 365).map(|hours| c.provision.window_hours = hours as u32);
    "checkins.days" "checkins-days" Number "DAYS" = "30", "Check-ins are kept this long",
        |c, text| value::number(text, 1, 36_500).map(|days| c.checkins.days = days as u32);
    "checkins.rows" "checkins-rows" Number "ROWS" = "1000000", "At most so many check-ins are kept",
        |c, text| value::number(text, 1_000, 1_000_000_000).map(|rows| c.checkins.rows = rows);
    "uploads.file_bytes" "uploads-file-bytes" Text "SIZE" = "1 MiB", "Largest file a phone may store here",
        |c, text| value::size(text, KIB, 64 * MIB).map(|bytes| c.uploads.file_bytes = bytes);
    "uploads.device_bytes" "uploads-device-bytes" Text "SIZE" = "1 MiB", "All that one phone may store here",
        |c, text| value::size(text, KIB, GIB).map(|bytes| c.uploads.device_bytes = bytes);
    "files.file_bytes" "files-file-bytes" Text "SIZE" = "512 MiB", "Largest firmware, language or other file",
        |c, text| value::size(text, KIB, 1024 * GIB).map(|bytes| c.files.file_bytes = bytes);
    "files.total_bytes" "files-total-bytes" Text "SIZE" = "20 GiB", "All firmware, language and other files together",
        |c, text| value::size(text, KIB, 1024 * GIB).map(|bytes| c.files.total_bytes = bytes);
    "files.account_bytes" "files-account-bytes" Text "SIZE" = "2 GiB", "All files of one account below the box's own",
        |c, text| value::size(text, KIB, 1024 * GIB).map(|bytes| c.files.account_bytes = bytes);
    "limits.misses_per_minute" "misses-per-minute" Number "COUNT" = "30", "Failed look-ups per source before it is slowed",
        |c, text| value::number(text, 1, 1_000_000).map(|count| c.limits.misses_per_minute = count as u32);
    "limits.connections" "connections" Number "COUNT" = "16384", "Open connections per listener",
        |c, text| value::number(text, 16, 1_000_000).map(|count| c.limits.connections = count as u32);
    "limits.upload_seconds" "upload-seconds" Number "SECONDS" = "30", "A phone's upload must be complete within this time",
        |c, text| value::number(text, 1, 3_600).map(|seconds| c.limits.upload_seconds = seconds as u32);
    "limits.stalled_seconds" "stalled-seconds" Number "SECONDS" = "30", "A phone that reads less than 4 KiB a second for so long is cut off",
        |c, text| value::number(text, 1, 3_600).map(|seconds| c.limits.stalled_seconds = seconds as u32);
    "limits.upkeep_seconds" "upkeep-seconds" Number "SECONDS" = "600", "Old check-ins are looked for this often",
        |c, text| value::number(text, 1, 86_400).map(|seconds| c.limits.upkeep_seconds = seconds as u32);
    "audit.days" "audit-days" Number "DAYS" = "730", "What was done is kept this long",
        |c, text| value::number(text, 1, 36_500).map(|days| c.audit.days = days as u32);
    "links.reset_minutes" "reset-minutes" Number "MINUTES" = "10", "A link for a forgotten password opens it for so long",
        |c, text| value::number(text, 1, 3 * 24 * 60).map(|minutes| c.links.reset_minutes = minutes as u32);
    "webhooks.networks" "webhook-networks" List "NETWORKS" = "", "Networks that are not public and that webhooks may reach",
        |c, text| value::networks(text).map(|networks| c.webhooks.networks = networks);
    "scep.approve" "scep-approve" Text "YES" = "no", "A known phone may ask for a certificate without its challenge; you decide",
        |c, text| value::yes(text).map(|yes| c.scep.approve = yes);
    "scep.old_phones" "scep-old-phones" List "ADDR" = "off", "Old phones by HTTP: SCEP takes MD5 there, and the CA is its own RA",
        |c, text| value::bind(text, 8085).map(|bind| c.scep.old_phones = bind);

    "log.format" "log-format" Text "FORMAT" = "text", "text or json",
        |c, text| value::log_format(text).map(|format| c.log.format = format);
    "log.filter" "log-filter" Text "FILTER" = "info,actix_server=warn", "What is logged, for example info,phonebox::provision=debug",
        |c, text| value::log_filter(text).map(|filter| c.log.filter = filter);
}

impl Key {
    pub fn env(&self) -> String {
        format!("PHONEBOX_{}", self.flag.replace('-', "_").to_ascii_uppercase())
    }

    /// What every command needs, not only the server: where the box is.
    pub(super) fn is_place(&self) -> bool {
        matches!(self.path, "data" | "key_file")
    }
}

/// ` Did you mean …?`, or nothing.
pub(super) fn suggestion<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|name| (strsim::damerau_levenshtein(wrong, name), name)).min();
    match near {
        Some((distance, name)) if distance <= 3.min(wrong.len() / 2) => format!(" Did you mean {name}?"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_valid_and_every_name_is_used_once() {
        let mut config = Config::default();
        for key in KEYS.iter().filter(|key| key.path != "data") {
            (key.read)(&mut config, key.default).unwrap_or_else(|rule| panic!("{}: {rule}", key.path));
            assert_eq!(KEYS.iter().filter(|other| other.path == key.path).count(), 1);
            assert_eq!(KEYS.iter().filter(|other| other.flag == key.flag).count(), 1);
        }
        assert_eq!(config.uploads.device_bytes, MIB);
        assert_eq!(config.limits.misses_per_minute, 30);
    }

    #[test]
    fn the_nearest_key_is_suggested() {
        let paths = || KEYS.iter().map(|key| key.path);
        assert_eq!(suggestion("listen.htp", paths()), " Did you mean listen.http?");
        assert_eq!(suggestion("colour", paths()), "");
    }
}
