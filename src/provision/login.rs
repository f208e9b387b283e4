//! HTTP credentials of a device: Basic (RFC 7617) and Digest (RFC 7616, and its RFC 2617 form that phones speak).
//!
//! User name is the MAC, the password is the device's own; a device that is sent to another server may show the login of
//! there. The challenge is the same for everybody for five minutes: it never depends on who asks. Only who shows a right
//! answer for the second time gets one of his own. Knows no HTTP library: header values in, header values out.

use super::authorize::Credential;
use crate::net::Mac;
use crate::seal::{hex, sha256};
use crate::settings::Secret;
use aws_lc_rs::{constant_time, hmac};
use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use md5::{Digest, Md5};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

pub const REALM: &str = "phonebox";
const BUCKET_MS: i64 = 300_000;
const NONCES: usize = 16_384;

pub struct Logins {
    key: hmac::Key,
    /// Nonces that were made for one answer.
    own: AtomicU64,
    /// Highest use count seen per nonce, user and client nonce, with the bucket it belongs to.
    used: Mutex<HashMap<[u8; 32], (i64, u32)>>,
    /// Devices with credentials that were asked for them and have not answered yet.
    asked: Mutex<HashSet<Mac>>,
    /// How many, so that an answer need not take the lock.
    waiting: AtomicUsize,
}

impl Logins {
    pub fn new(key: &[u8; 32]) -> Logins {
        Logins {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            own: AtomicU64::new(0),
            used: Mutex::default(),
            asked: Mutex::default(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Number 0 is everybody's.
    fn nonce(&self, bucket: i64, number: u64) -> String {
        let tag = hmac::sign(&self.key, format!("{bucket:x}.{number:x}").as_bytes());
        format!("{bucket:x}.{number:x}-{}", hex(tag.as_ref().get(..16).unwrap_or_default()))
    }

    /// In which five minutes it was issued.
    fn issued(&self, nonce: &str) -> Option<i64> {
        let (bucket, number) = nonce.split_once('-')?.0.split_once('.')?;
        let (bucket, number) = (i64::from_str_radix(bucket, 16).ok()?, u64::from_str_radix(number, 16).ok()?);
        (self.nonce(bucket, number) == nonce).then_some(bucket)
    }

    /// `WWW-Authenticate` values. Basic is offered over TLS only; it is accepted wherever it comes.
    pub fn challenge(&self, now: i64, tls: bool) -> Vec<String> {
        self.challenge_with(0, "", now, tls)
    }

    /// For a right answer that was given before: the password is known, another nonce is all that it takes (RFC 7616 §3.3).
    pub fn challenge_again(&self, now: i64, tls: bool) -> Vec<String> {
        self.challenge_with(self.own.fetch_add(1, Ordering::Relaxed) + 1, ", stale=true", now, tls)
    }

    fn challenge_with(&self, number: u64, more: &str, now: i64, tls: bool) -> Vec<String> {
        let nonce = self.nonce(now.div_euclid(BUCKET_MS), number);
        let digest = format!("Digest realm=\"{REALM}\", qop=\"auth\", algorithm=MD5, nonce=\"{nonce}\"{more}");
        let mut values = vec![digest];
        if tls {
            values.push(format!("Basic realm=\"{REALM}\", charset=\"UTF-8\""));
        }
        values
    }

    /// Notes that this device was asked; whether it was asked before and did not answer.
    pub fn is_asked_again(&self, mac: Mac) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() >= NONCES {
            asked.clear();
        }
        let again = !asked.insert(mac);
        self.waiting.store(asked.len(), Ordering::Relaxed);
        again
    }

    pub fn answered(&self, mac: Mac) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.remove(&mac);
            self.waiting.store(asked.len(), Ordering::Relaxed);
        }
    }

    /// Who the header logs in, for this file where a listener on the wire could send the header again for another
    /// (RFC 7616 §3.4.6). `known` looks up what passwords a user name may have, and whose proof each is.
    pub fn check<E>(
        &self,
        header: &[u8],
        verb: &str,
        target: Option<&[u8]>,
        now: i64,
        known: impl FnOnce(&str) -> Result<Vec<(Credential, Secret)>, E>,
    ) -> Result<Credential, E> {
        let Some(given) = self.read(header, verb, target, now) else { return Ok(Credential::BadLogin) };
        let shown = known(given.user())?.into_iter().find(|(_, secret)| given.is(secret.reveal()));
        Ok(match shown {
            None => Credential::BadLogin,
            Some((credential, _)) if self.is_first(&given) => credential,
            Some(_) => Credential::OldLogin,
        })
    }

    /// What the header says, where it can be a login at all: readable, for this file, by a challenge of these minutes.
    pub fn read(&self, header: &[u8], verb: &str, target: Option<&[u8]>, now: i64) -> Option<Given> {
        let text = std::str::from_utf8(header).ok()?;
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return basic(rest).map(|(user, password)| Given::Basic { user, password });
        }
        if !scheme.eq_ignore_ascii_case("digest") || rest.len() > 2048 {
            return None;
        }
        let fields = fields(rest);
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let bucket = now.div_euclid(BUCKET_MS);
        let issued = self.issued(field("nonce")).filter(|issued| [bucket, bucket - 1].contains(issued))?;
        let hash: fn(&str) -> String = match field("algorithm").to_ascii_uppercase().as_str() {
            "" | "MD5" => md5_hex,
            "SHA-256" => sha256_hex,
            _ => return None,
        };
        let is_for = target.is_none_or(|target| file(target) == file(field("uri").as_bytes()));
        let ha2 = hash(&format!("{verb}:{}", field("uri")));
        (is_for && field("realm") == REALM).then_some(Given::Digest { fields, hash, ha2, issued })
    }

    /// A Digest counts once, without qop its nonce (RFC 2069); Basic says the same each time.
    pub fn is_first(&self, given: &Given) -> bool {
        let Given::Digest { issued, .. } = given else { return true };
        let field = |name| given.field(name);
        let (cnonce, count) = match field("qop") {
            "" => ("", 1),
            _ => (field("cnonce"), u32::from_str_radix(field("nc"), 16).unwrap_or(0)),
        };
        self.is_fresh(&[field("nonce"), field("username"), cnonce], count, *issued)
    }

    /// A use count counts once, and only upwards (T13: a replayed request is not a login).
    fn is_fresh(&self, parts: &[&str], count: u32, bucket: i64) -> bool {
        let key = sha256(parts.join("\n").as_bytes());
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= NONCES {
            used.retain(|_, (seen, _)| *seen >= bucket);
            if used.len() >= NONCES {
                return false;
            }
        }
        let highest = used.entry(key).or_insert((bucket, 0));
        let fresh = count > highest.1;
        highest.1 = highest.1.max(count);
        fresh
    }
}

/// A login as it was given.
pub enum Given {
    Basic { user: String, password: String },
    Digest { fields: HashMap<String, String>, hash: fn(&str) -> String, ha2: String, issued: i64 },
}

impl Given {
    fn field(&self, name: &str) -> &str {
        let Given::Digest { fields, .. } = self else { return "" };
        fields.get(name).map(String::as_str).unwrap_or_default()
    }

    pub fn user(&self) -> &str {
        if let Given::Basic { user, .. } = self { user } else { self.field("username") }
    }

    /// What Basic tells in the clear.
    pub fn password(&self) -> Option<&str> {
        if let Given::Basic { password, .. } = self { Some(password) } else { None }
    }

    /// Whether this is the password. Another server's has any length.
    pub fn is(&self, secret: &str) -> bool {
        let (hash, ha2) = match self {
            Given::Basic { password, .. } => return same(&sha256_hex(password), &sha256_hex(secret)),
            Given::Digest { hash, ha2, .. } => (hash, ha2),
        };
        let field = |name| self.field(name);
        let ha1 = hash(&format!("{}:{REALM}:{secret}", field("username")));
        let response = match field("qop") {
            "" => hash(&format!("{ha1}:{}:{ha2}", field("nonce"))),
            qop => hash(&format!("{ha1}:{}:{}:{}:{qop}:{ha2}", field("nonce"), field("nc"), field("cnonce"))),
        };
        same(&response, field("response"))
    }
}

/// The last segment of a target: directories in front of it are a proxy's to change.
fn file(target: &[u8]) -> &[u8] {
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// In constant time for the one length that digests have.
fn same(a: &str, b: &str) -> bool {
    constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

fn md5_hex(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

fn sha256_hex(text: &str) -> String {
    hex(&sha256(text.as_bytes()))
}

/// User and password of a Basic header.
pub fn basic_of(header: &[u8]) -> Option<(String, String)> {
    let (scheme, rest) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("basic") { basic(rest) } else { None }
}

fn basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// `name=value` and `name="value"`, comma separated. Of two with one name the first counts.
fn fields(text: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    let mut rest = text.trim();
    while let Some((name, tail)) = rest.split_once('=') {
        let (value, tail) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => {
                tail.split_once(',').map_or((tail, ""), |(value, _)| (value, tail.get(value.len()..).unwrap_or("")))
            }
        };
        fields.entry(name.trim().to_ascii_lowercase()).or_insert_with(|| value.trim().to_owned());
        rest = tail.trim_start().trim_start_matches(',').trim_start();
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn phone() -> Mac {
        "c81fea83e85a".parse().unwrap()
    }

    fn known(user: &str) -> Result<Vec<(Credential, Secret)>, Infallible> {
        let mac = user.parse().ok().filter(|mac| *mac == phone());
        Ok(mac.map(|mac| (Credential::Login(mac), Secret::new("secret"))).into_iter().collect())
    }

    fn check(logins: &Logins, header: &str, now: i64) -> Credential {
        logins.check(header.as_bytes(), "GET", Some(b"/46xxsettings.txt"), now, known).unwrap()
    }

    fn digest(logins: &Logins, now: i64, password: &str, nc: &str) -> String {
        let nonce = logins.nonce(now.div_euclid(BUCKET_MS), 0);
        let ha1 = md5_hex(&format!("c81fea83e85a:{REALM}:{password}"));
        let ha2 = md5_hex("GET:/46xxsettings.txt");
        let response = md5_hex(&format!("{ha1}:{nonce}:{nc}:abc:auth:{ha2}"));
        format!(
            "Digest username=\"c81fea83e85a\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"/46xxsettings.txt\", qop=auth, \
             nc={nc}, cnonce=\"abc\", response=\"{response}\""
        )
    }

    #[test]
    fn basic_and_digest_log_a_device_in() {
        let logins = Logins::new(&[7; 32]);
        assert_eq!(check(&logins, "Basic YzgxZmVhODNlODVhOnNlY3JldA==", 0), Credential::Login(phone()));
        assert_eq!(check(&logins, "basic YzgxZmVhODNlODVhOnNlY3JldA==", 0), Credential::Login(phone()));
        assert_eq!(check(&logins, "Basic YzgxZmVhODNlODVhOndyb25n", 0), Credential::BadLogin);
        assert_eq!(check(&logins, &digest(&logins, 0, "secret", "00000001"), 0), Credential::Login(phone()));
        assert_eq!(check(&logins, &digest(&logins, 0, "wrong", "00000002"), 0), Credential::BadLogin);
    }

    #[test]
    fn threat_013_a_digest_counts_once_and_an_old_nonce_not_at_all() {
        let logins = Logins::new(&[7; 32]);
        let header = digest(&logins, 0, "secret", "00000001");
        assert_eq!(check(&logins, &header, 0), Credential::Login(phone()));
        assert_eq!(check(&logins, &header, 1), Credential::OldLogin, "replayed");
        assert_eq!(check(&logins, &digest(&logins, 0, "secret", "00000002"), 2), Credential::Login(phone()));
        assert_eq!(check(&logins, &digest(&logins, 0, "secret", "00000003"), 3 * BUCKET_MS), Credential::BadLogin);
    }

    #[test]
    fn threat_013_a_digest_is_good_for_its_file_only() {
        let logins = Logins::new(&[7; 32]);
        let check = |target: &[u8], nc: &str| {
            let header = digest(&logins, 0, "secret", nc);
            logins.check(header.as_bytes(), "GET", Some(target), 0, known).unwrap()
        };
        assert_eq!(check(b"/c81fea83e85a.txt", "00000001"), Credential::BadLogin);
        assert_eq!(check(b"/behind/a/proxy/46xxsettings.txt?x=1", "00000002"), Credential::Login(phone()));
    }

    #[test]
    fn the_challenge_is_the_same_for_everybody() {
        let logins = Logins::new(&[7; 32]);
        assert_eq!(logins.challenge(1, false), logins.challenge(2, false));
        assert_eq!((logins.challenge(1, false).len(), logins.challenge(1, true).len()), (1, 2));
    }

    #[test]
    fn junk_is_no_login_and_no_panic() {
        let logins = Logins::new(&[7; 32]);
        for header in [
            "",
            "Basic",
            "Basic =",
            "Basic ####",
            "Digest",
            "Digest =",
            "Digest a=\"",
            "Digest ,,,=",
            "Bearer x",
            "Digest username",
        ] {
            assert_eq!(check(&logins, header, 0), Credential::BadLogin, "{header}");
        }
        let nobody = |_: &str| Ok::<_, Infallible>(Vec::new());
        assert_eq!(logins.check(b"\xff\xfe", "GET", None, 0, nobody).unwrap(), Credential::BadLogin);
    }
}
