//! Judges the certificate that a client showed (RFC 5280 §6, as far as the factory certificates of phones allow).
//!
//! TLS has proved that the client holds the key, and nothing else. Here: does the chain lead to an accepted CA, is all
//! of it in its time, may a client use it, is it revoked. Factory certificates are CN-only, live for decades and are
//! sometimes signed with SHA-1: their names are not looked at, and weak algorithms count only below a CA for which the
//! administrator allowed them.

use super::device_ca::{self, Anchor, DeviceCa};
use super::serial::Serial;
use super::signature::{self, Digest};
use super::{Ca, CaError, store};
use crate::db::{BOX_ACCOUNT, Db};
use crate::net::Mac;
use crate::seal::sha256;
use arc_swap::ArcSwapOption;
use quick_cache::sync::Cache;
use std::sync::{Arc, LazyLock};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::public_key::PublicKey;

/// A client's certificate, and what it is worth.
#[derive(Debug)]
pub struct Client {
    /// The subject, as people read it.
    pub subject: String,
    /// For whom this box issued it.
    pub holder: Option<Mac>,
    verdict: Verdict,
    /// Of the accepted CAs as they were.
    mark: u64,
    /// When all of its chain is in its time.
    not_before: i64,
    not_after: i64,
    /// Its chain leads to a CA below which weak algorithms are allowed.
    weak: bool,
    /// Its number, where an authority of this box issued it.
    serial: Option<Serial>,
}

/// What is to be said of it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// An authority of this box issued it.
    Ours,
    /// An accepted device CA did, or an import named it.
    Accepted,
    /// Nobody who is accepted here: it proves nothing, and does no harm.
    Foreign,
    Refused(Fault),
}

/// Why a certificate below an accepted CA does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Expired,
    /// One of this box's has.
    Over,
    NotYetValid,
    Revoked,
    Purpose,
    Weak,
    Unreadable,
}

impl Fault {
    pub fn words(self) -> &'static str {
        match self {
            Fault::Expired => "the certificate has expired",
            Fault::Over => "the certificate that this box gave it has expired",
            Fault::NotYetValid => "the certificate is not valid yet",
            Fault::Revoked => "the certificate is revoked",
            Fault::Purpose => "the certificate is not for clients",
            Fault::Weak => "the chain uses SHA-1, MD5 or a key under 2048 bits",
            Fault::Unreadable => "the certificate cannot be read",
        }
    }
}

/// What is to be said of a certificate of nobody who is accepted here, where proof was missing.
pub fn foreign(subject: &str) -> String {
    const LONGEST: usize = 120;
    let subject: String = subject.chars().take(LONGEST).collect();
    format!("the client certificate {subject:?} is of no CA that is accepted here: phonebox ca accept --help")
}

/// CAs between a device's certificate and an accepted one, at most.
const DEEPEST: usize = 4;
/// Certificates of a chain that are looked at, and their bytes.
const LONGEST: usize = 8;
const LARGEST: usize = 64 << 10;
/// What today's phones have at least.
const RSA_BITS: usize = 2048;
/// Chains that were judged and are remembered: a phone comes back for each of its files.
const KNOWN: usize = 16_384;

/// Who judges. A clone is the same one.
#[derive(Clone)]
pub struct Clients(Arc<Inner>);

struct Inner {
    ca: Ca,
    anchors: ArcSwapOption<Anchors>,
    known: Cache<[u8; 32], (u64, Arc<Client>)>,
    /// Certificates that may sign a handshake weakly, with the mark of the CAs that it was found by.
    weak: Cache<[u8; 32], u64>,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clients")
    }
}

/// Where chains may end, as of one moment.
struct Anchors {
    /// Of the shared rows, and of the authority.
    epochs: (u64, u64),
    all: Vec<Anchor>,
    weak: bool,
}

impl Anchors {
    fn mark(&self) -> u64 {
        self.epochs.0.wrapping_shl(32) ^ self.epochs.1
    }
}

impl Clients {
    pub fn new(ca: Ca) -> Clients {
        Clients(Arc::new(Inner {
            ca,
            anchors: ArcSwapOption::empty(),
            known: Cache::new(KNOWN),
            weak: Cache::new(KNOWN),
        }))
    }

    fn db(&self) -> &Db {
        &self.0.ca.0.db
    }

    fn anchors(&self) -> Result<Arc<Anchors>, CaError> {
        let snapshot = self.0.ca.snapshot();
        let epochs = (self.db().changes().shared(), snapshot.epoch);
        if let Some(current) = &*self.0.anchors.load()
            && current.epochs == epochs
        {
            return Ok(current.clone());
        }
        let rows = self.db().read(|conn| device_ca::store::all(conn, BOX_ACCOUNT))?;
        let ours = snapshot.issuers().map(|authority| Anchor::of_ours(authority));
        let all: Vec<Anchor> = ours.chain(rows.iter().filter_map(Anchor::of_row)).collect();
        let weak = all.iter().any(|anchor| anchor.weak);
        let fresh = Arc::new(Anchors { epochs, all, weak });
        self.0.anchors.store(Some(fresh.clone()));
        Ok(fresh)
    }

    /// Whether any CA may have weak certificates below it: then a handshake may be signed with SHA-1.
    pub fn takes_weak(&self) -> bool {
        self.anchors().is_ok_and(|anchors| anchors.weak)
    }

    /// Notes whether a client's chain leads to a CA below which it may sign weakly: in a TLS 1.2 handshake the chain comes
    /// before what is signed.
    pub(super) fn note_weak<'a>(&self, chain: impl Iterator<Item = &'a [u8]>, now: i64) {
        let chain: Vec<&[u8]> = chain.collect();
        if let (Ok(Some(client)), Some(own)) = (self.judge(chain.iter().copied(), now), chain.first())
            && client.weak
        {
            self.0.weak.insert(sha256(own), client.mark);
        }
    }

    /// Whether it was noted of this certificate.
    pub(super) fn may_be_weak(&self, own: &[u8]) -> bool {
        let noted = self.0.weak.get(&sha256(own));
        noted.is_some_and(|mark| self.anchors().is_ok_and(|anchors| anchors.mark() == mark))
    }

    /// Of the certificates that a client sent, its own first. `None`: it sent none.
    pub fn judge<'a>(&self, chain: impl Iterator<Item = &'a [u8]>, now: i64) -> Result<Option<Arc<Client>>, CaError> {
        let sent: Vec<&[u8]> = chain.take(LONGEST).collect();
        let Some(own) = sent.first() else { return Ok(None) };
        let anchors = self.anchors()?;
        let mark = anchors.mark();
        let name = sha256(&sent.concat());
        if let Some((seen, client)) = self.0.known.get(&name)
            && seen == mark
        {
            return Ok(Some(client));
        }
        let whole = sent.iter().map(|der| der.len()).sum::<usize>() <= LARGEST;
        let client = match parse(own).filter(|_| whole) {
            Some(leaf) => self.examine(&leaf, &sent, &anchors, now)?,
            // It leads nowhere.
            None => Client {
                subject: String::new(),
                holder: None,
                verdict: Verdict::Foreign,
                mark,
                not_before: i64::MIN,
                not_after: i64::MAX,
                weak: false,
                serial: None,
            },
        };
        let client = Arc::new(client);
        // What time alone may mend is judged anew, and what goes with its device.
        let named = client.verdict == Verdict::Accepted && client.holder.is_some();
        // A stranger's subject may be as long as a whole chain, and thousands are kept.
        let is_small = client.subject.len() <= 1_024;
        if is_small
            && !named
            && !matches!(client.verdict, Verdict::Refused(Fault::Expired | Fault::Over | Fault::NotYetValid))
        {
            self.0.known.insert(name, (mark, client.clone()));
        }
        Ok(Some(client))
    }

    fn examine(&self, leaf: &X509Certificate, sent: &[&[u8]], anchors: &Anchors, now: i64) -> Result<Client, CaError> {
        let (not_before, not_after) = times(leaf);
        let others: Vec<X509Certificate> = sent.iter().skip(1).filter_map(|der| parse(der)).collect();
        let mut client = Client {
            subject: leaf.subject().to_string(),
            holder: None,
            verdict: Verdict::Foreign,
            mark: anchors.mark(),
            not_before,
            not_after,
            weak: false,
            serial: None,
        };
        let path = Path::find(leaf, &others, &anchors.all, now);
        client.weak = path.as_ref().is_some_and(|path| path.anchor.weak);
        // AVA-003: this very certificate is a device's by an administrator's word, whoever signed it.
        let known = sent.first().map(|own| self.db().read(|conn| store::known_certificate(conn, &sha256(own))));
        client.holder = known.transpose()?.flatten();
        if client.holder.is_some() {
            let revoked = path.and_then(|path| path.fault).filter(|fault| *fault == Fault::Revoked);
            let weak = (has_short_key(leaf) && !anchors.weak).then_some(Fault::Weak);
            let strange = (!is_understood(leaf)).then_some(Fault::Unreadable);
            let late = out_of_time((not_before, not_after), now);
            let fault = revoked.or(strange).or(weak).or(late).or_else(|| purpose(leaf));
            client.verdict = fault.map_or(Verdict::Accepted, Verdict::Refused);
            return Ok(client);
        }
        let Some(path) = path else { return Ok(client) };
        (client.not_before, client.not_after) = path.times;
        if path.anchor.ours {
            let serial = Serial::of(leaf.raw_serial());
            let Some(serial) = serial.filter(|serial| self.0.ca.has_issued(serial)) else {
                // Signed with our key but not stored here: from a copy of this box that was not put back.
                return Ok(client);
            };
            client.serial = Some(serial);
            client.holder = self.db().read(|conn| store::holder(conn, &serial))?;
        }
        client.verdict = match path.fault.or_else(|| unreadable(leaf)).or_else(|| purpose(leaf)) {
            Some(Fault::Expired) if path.anchor.ours => Verdict::Refused(Fault::Over),
            Some(fault) => Verdict::Refused(fault),
            None if path.anchor.ours => Verdict::Ours,
            None => Verdict::Accepted,
        };
        Ok(client)
    }

    /// The verdict at this moment: a kept connection outlives a revocation, its proof does not. What counts by the word of
    /// an accepted CA is judged anew, from the certificates that were sent, when those CAs or their lists have changed.
    pub fn verdict<'a>(&self, client: &Client, sent: impl Iterator<Item = &'a [u8]>, now: i64) -> Verdict {
        if client.verdict == Verdict::Accepted && self.anchors().map_or(true, |anchors| anchors.mark() != client.mark) {
            return match self.judge(sent, now) {
                Ok(Some(fresh)) if fresh.holder == client.holder => self.timely(&fresh, now),
                _ => Verdict::Foreign,
            };
        }
        self.timely(client, now)
    }

    /// Chains are remembered for longer than some of them hold.
    fn timely(&self, client: &Client, now: i64) -> Verdict {
        match client.verdict {
            Verdict::Refused(_) | Verdict::Foreign => client.verdict,
            _ if now > client.not_after && client.serial.is_some() => Verdict::Refused(Fault::Over),
            _ if now > client.not_after => Verdict::Refused(Fault::Expired),
            _ if now < client.not_before => Verdict::Refused(Fault::NotYetValid),
            good => match client.serial.filter(|serial| self.0.ca.snapshot().revoked.contains_key(serial)) {
                Some(_) => Verdict::Refused(Fault::Revoked),
                None => good,
            },
        }
    }
}

/// The one common name of the first of these certificates. None: there is no certificate, or not exactly one name.
pub fn common_name(chain: &[&[u8]]) -> Option<String> {
    let leaf = parse(chain.first()?)?;
    let mut names = leaf.subject().iter_common_name();
    let name = names.next()?.as_str().ok()?;
    let plain = names.next().is_none() && !name.is_empty() && !name.chars().any(char::is_control);
    plain.then(|| name.to_owned())
}

/// Whether the first of these certificates leads to this CA, is for clients, in its time and not on this list; both PEM.
pub fn is_below(chain: &[&[u8]], ca: &str, list: Option<&str>, now: i64) -> bool {
    let list = list.map(|list| device_ca::list_der(list.as_bytes())).transpose();
    let (Some(certificate), Ok(list)) = (super::from_pem(ca), list) else { return false };
    is_below_any(chain, &anchor(&certificate, list).into_iter().collect::<Vec<_>>(), now)
}

/// The public CAs that the machine trusts; `SSL_CERT_FILE` names another file.
static PUBLIC: LazyLock<Vec<Anchor>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    found.certs.iter().filter_map(|root| anchor(root, None)).collect()
});

/// Whether it leads to one of the machine's public CAs.
pub fn is_below_public(chain: &[&[u8]], now: i64) -> bool {
    is_below_any(chain, &PUBLIC, now)
}

fn anchor(ca: &[u8], list: Option<Vec<u8>>) -> Option<Anchor> {
    let certificate = ca.to_vec();
    Anchor::of_row(&DeviceCa { name: String::new(), certificate, weak: false, list, created_at: 0 })
}

fn is_below_any(chain: &[&[u8]], anchors: &[Anchor], now: i64) -> bool {
    let whole = chain.len() <= LONGEST && chain.iter().map(|der| der.len()).sum::<usize>() <= LARGEST;
    let Some(leaf) = chain.first().filter(|_| whole).and_then(|own| parse(own)) else { return false };
    let others: Vec<X509Certificate> = chain.iter().skip(1).filter_map(|der| parse(der)).collect();
    let path = Path::find(&leaf, &others, anchors, now);
    path.is_some_and(|path| path.fault.is_none() && unreadable(&leaf).is_none() && purpose(&leaf).is_none())
}

fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    rest.is_empty().then_some(certificate)
}

/// RFC 5280 §4.2: whoever does not know a critical extension must not take the certificate.
fn is_understood(certificate: &X509Certificate) -> bool {
    let is_known =
        |one: &X509Extension| !matches!(one.parsed_extension(), ParsedExtension::UnsupportedExtension { .. });
    certificate.extensions().iter().all(|one| !one.critical || is_known(one))
}

/// How a certificate leads to an accepted CA.
struct Path<'a> {
    anchor: &'a Anchor,
    fault: Option<Fault>,
    /// From the latest beginning to the earliest end in it, the accepted CA's too.
    times: (i64, i64),
}

impl<'a> Path<'a> {
    fn find(leaf: &X509Certificate, others: &[X509Certificate], anchors: &'a [Anchor], now: i64) -> Option<Path<'a>> {
        let mut here = leaf;
        let (mut weak, mut late) = (has_short_key(leaf), None);
        let mut whole = (i64::MIN, i64::MAX);
        let meet = |(from, to): (i64, i64), (start, end): (i64, i64)| (from.max(start), to.min(end));
        for depth in 0..=DEEPEST {
            late = late.or_else(|| out_of_time(times(here), now));
            whole = meet(whole, times(here));
            let digest = Digest::of_signature(here.signature_algorithm.algorithm.as_bytes())?;
            weak |= matches!(digest, Digest::Md5 | Digest::Sha1);
            let message = here.tbs_certificate.as_ref();
            let is_by = |spki: &[u8]| signature::is_good(spki, digest, message, &here.signature_value.data);
            let issuer = here.issuer().as_raw();
            if let Some(anchor) = anchors.iter().find(|one| one.subject == issuer && is_by(&one.spki)) {
                let late = late.or_else(|| out_of_time((anchor.not_before, anchor.not_after), now));
                let weak = (weak || anchor.short_key) && !anchor.weak;
                let revoked = anchor.revoked.contains(here.raw_serial());
                let faults = [(revoked, Fault::Revoked), (weak, Fault::Weak)];
                let fault = faults.iter().find(|(is_so, _)| *is_so).map(|(_, fault)| *fault);
                let times = meet(whole, (anchor.not_before, anchor.not_after));
                return Some(Path { anchor, fault: fault.or(late), times });
            }
            let may_sign = |one: &&X509Certificate| may_sign(one, depth);
            let mut issuers = others.iter().filter(may_sign);
            here = issuers.find(|one| one.subject().as_raw() == issuer && is_by(one.public_key().raw))?;
            weak |= has_short_key(here);
        }
        None
    }
}

/// Whether a CA that was sent along may stand above so many others.
fn may_sign(certificate: &X509Certificate, below: usize) -> bool {
    let basic = certificate.basic_constraints().ok().flatten();
    let is_ca = basic.is_some_and(|basic| {
        basic.value.ca && basic.value.path_len_constraint.is_none_or(|most| below <= most as usize)
    });
    let usage = certificate.key_usage().ok().flatten();
    // Its limits would have to be looked at, and names are not.
    let limited = certificate.name_constraints().ok().flatten().is_some_and(|limits| limits.critical);
    is_ca && !limited && is_understood(certificate) && usage.is_none_or(|usage| usage.value.key_cert_sign())
}

fn times(certificate: &X509Certificate) -> (i64, i64) {
    let millis = |time: x509_parser::time::ASN1Time| time.timestamp().saturating_mul(1_000);
    (millis(certificate.validity().not_before), millis(certificate.validity().not_after))
}

fn out_of_time((from, to): (i64, i64), now: i64) -> Option<Fault> {
    match now {
        _ if now > to => Some(Fault::Expired),
        _ if now < from => Some(Fault::NotYetValid),
        _ => None,
    }
}

pub(super) fn has_short_key(certificate: &X509Certificate) -> bool {
    matches!(certificate.public_key().parsed(), Ok(PublicKey::RSA(key)) if key.key_size() < RSA_BITS)
}

/// A name with a NUL, or another control character, ends for one reader where it goes on for another.
fn unreadable(leaf: &X509Certificate) -> Option<Fault> {
    let is_plain = !leaf.subject().to_string().chars().any(char::is_control);
    (!is_plain || !is_understood(leaf)).then_some(Fault::Unreadable)
}

/// A certificate that says what it is for must say that it is for clients.
fn purpose(leaf: &X509Certificate) -> Option<Fault> {
    let extended = leaf.extended_key_usage().ok().flatten();
    let usage = leaf.key_usage().ok().flatten();
    let for_clients = extended.is_none_or(|one| one.value.client_auth || one.value.any)
        && usage.is_none_or(|one| one.value.digital_signature());
    (!for_clients).then_some(Fault::Purpose)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CA: &str = include_str!("../../tests/fixtures/rfc5280/c1-ca.pem");
    const RSA: &str = include_str!("../../tests/fixtures/rfc5280/c2-rsa.pem");
    const DSA: &str = include_str!("../../tests/fixtures/rfc5280/c3-dsa.pem");
    const LIST: &str = include_str!("../../tests/fixtures/rfc5280/c4-crl.pem");
    /// 15 October 2004, 5 February 2005 and 16 March 2005, midnight.
    const BEFORE_REVOKED: i64 = 1_097_798_400_000;
    const LISTED: i64 = 1_107_561_600_000;
    const AFTER: i64 = 1_110_931_200_000;

    /// The vectors of RFC 5280, appendix C: a self-signed CA, one below it, its list, and one with DSA.
    #[test]
    fn rfc_5280_appendix_c_is_judged_as_it_says() {
        let file = |pem: &str| super::super::from_pem(pem).unwrap();
        let (ca, rsa, dsa) = (device_ca::certificate(CA.as_bytes()).unwrap(), file(RSA), file(DSA));
        let list = device_ca::list(LIST.as_bytes(), &ca).unwrap();
        let anchors = |weak, list: Option<&Vec<u8>>| {
            let row =
                DeviceCa { name: String::new(), certificate: ca.clone(), weak, list: list.cloned(), created_at: 0 };
            vec![Anchor::of_row(&row).unwrap()]
        };
        let fault = |der: &[u8], anchors: &[Anchor], now| {
            Path::find(&parse(der).unwrap(), &[], anchors, now).map(|path| path.fault)
        };

        // Of 1024 bits and signed with SHA-1: only where that is allowed, and only in its time.
        assert_eq!(fault(&rsa, &anchors(true, None), BEFORE_REVOKED), Some(None));
        assert_eq!(fault(&rsa, &anchors(false, None), BEFORE_REVOKED), Some(Some(Fault::Weak)));
        assert_eq!(fault(&rsa, &anchors(true, None), AFTER), Some(Some(Fault::Expired)));
        assert_eq!(fault(&ca, &anchors(true, None), BEFORE_REVOKED), Some(None), "it signed itself");
        // Number 18 is on the list, 17 is not.
        assert_eq!(fault(&rsa, &anchors(true, Some(&list)), LISTED), Some(Some(Fault::Revoked)));
        assert_eq!(fault(&ca, &anchors(true, Some(&list)), LISTED), Some(None));
        // Another CA's, with a signature nobody here verifies: it leads nowhere, and is no CA to accept.
        assert_eq!(fault(&dsa, &anchors(true, None), BEFORE_REVOKED), None);
        assert_eq!(device_ca::certificate(&dsa), Err(device_ca::Unfit::NotACa));
        assert_eq!(device_ca::list(LIST.as_bytes(), &dsa), Err(device_ca::Unfit::ForeignList));
        // One bit of what is signed, and it is nobody's.
        let mut altered = rsa.clone();
        let name = altered.windows(10).position(|ten| ten == b"End Entity").unwrap();
        altered[name] ^= 1;
        assert_eq!(fault(&altered, &anchors(true, None), BEFORE_REVOKED), None);
        assert_eq!(common_name(&[&rsa]).as_deref(), Some("End Entity"));
    }
}
