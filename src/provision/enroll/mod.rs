//! Enrolment: what happens to one request for a certificate. SCEP and EST say the same things in different words; who
//! may have a certificate is decided once, here:
//!
//! ```text
//! proof     challenge · login · certificate in force · a person's yes      → whose request it is
//! holder    the device of that proof: known, active                        → whom the certificate will name
//! names     what the request calls itself must not be another device
//! issue     the authority checks the key, signs, stores; then it is answered
//! ```
//!
//! A challenge is taken before the authority is asked and given back when it refuses, so that no two requests get in
//! between. The same request again gets the same certificate: `once` is made of the proof and the key.

mod est;
mod refusals;
mod scep;

use self::refusals::Ledger;
use super::pipeline::Pipeline;
use super::record;
use super::request::ClientCert;
use super::resolve;
use super::subject::Subject;
use super::{authorize, effects};
use crate::ca::cms::Certificate;
use crate::ca::csr::CsrError;
use crate::ca::{self, Ca, CertProfileId, Door, Fault, Holder, Issued, Order, Refused};
use crate::checkins::{Decision, Reason, Transport};
use crate::db::{Error, Origin};
use crate::devices::{self, Device, State};
use crate::enrollment::challenge::{self, Challenge, Hash, Void};
use crate::enrollment::store;
use crate::net::Mac;
use crate::seal::sha256;
use crate::vendors;
use std::net::IpAddr;
use std::sync::Arc;

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// A known device without a challenge may ask; a person decides.
    pub approve: bool,
    /// What old phones need: MD5 signatures are taken, and the CA itself is who they encrypt for.
    pub old_phones: bool,
}

/// Who gives certificates at the phones' doors.
pub struct Enrollment {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) ca: Ca,
    rules: Rules,
    ledger: Ledger,
}

#[derive(Debug, Clone)]
pub enum Protocol {
    Scep(ca::scep::Operation),
    Est(ca::est::Operation),
    /// Below a protocol's path, but nothing of it.
    None,
}

impl Protocol {
    /// Its word in the audit log.
    pub fn process(&self) -> &'static str {
        if matches!(self, Protocol::Scep(_)) { "scep" } else { "est" }
    }
}

/// A request of its own: it is answered on another thread than it came on.
#[derive(Debug)]
pub struct Asked {
    pub protocol: Protocol,
    pub transport: Transport,
    pub peer: IpAddr,
    pub verb: String,
    pub authorization: Option<Vec<u8>>,
    pub certificate: Option<Shown>,
    pub body: bytes::Bytes,
    pub now: i64,
}

/// The client certificate that TLS showed. That its key is held is proved; what it is worth is the verdict.
#[derive(Debug)]
pub struct Shown {
    der: Arc<[u8]>,
    verdict: ca::Verdict,
    /// The device that it was issued for, or else names.
    mac: Option<Mac>,
}

impl Shown {
    pub fn new(der: Arc<[u8]>, client: &ClientCert<'_>) -> Shown {
        let named = || {
            let dn = Some(client.subject.as_bytes());
            vendors::identify(&vendors::Evidence { client_cert_dn: dn, ..vendors::Evidence::default() }).mac
        };
        Shown { der, verdict: client.verdict, mac: client.holder.or_else(named) }
    }

    /// As for a file: what is revoked or over opens nothing, whatever else is right.
    fn check(&self) -> Result<(), Refusal> {
        match self.verdict {
            ca::Verdict::Refused(fault) => {
                let reason = authorize::reason_of(fault);
                Err(Refusal { reason, detail: Some(fault.words().to_owned()), mac: self.mac })
            }
            _ => Ok(()),
        }
    }
}

#[derive(Debug)]
pub enum Reply {
    Content {
        content_type: &'static str,
        bytes: bytes::Bytes,
        is_base64: bool,
    },
    BadRequest,
    TooLarge,
    Forbidden,
    NotFound,
    /// `WWW-Authenticate` values.
    Challenge(Vec<String>),
    Unavailable,
}

/// The answer, and what the check-in will say.
#[derive(Debug)]
pub struct Outcome {
    pub reply: Reply,
    pub named: record::Named,
}

/// What came of a request, before it is put into a protocol's words.
struct Refusal {
    reason: Reason,
    detail: Option<String>,
    mac: Option<Mac>,
}

impl Refusal {
    fn new(reason: Reason) -> Refusal {
        Refusal { reason, detail: None, mac: None }
    }
}

impl From<Void> for Refusal {
    fn from(void: Void) -> Refusal {
        Refusal::new(match void {
            Void::Unknown => Reason::ChallengeUnknown,
            Void::Expired => Reason::ChallengeExpired,
            Void::Used => Reason::ChallengeUsed,
        })
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        tracing::error!(%error, "a certificate could not be issued");
        Refusal::new(Reason::Storage)
    }
}

impl From<CsrError> for Refusal {
    fn from(error: CsrError) -> Refusal {
        let reason = match error {
            CsrError::Key => Reason::KeyRefused,
            CsrError::WantsCa => Reason::RequestForbidden,
            _ => Reason::RequestUnreadable,
        };
        Refusal { detail: Some(error.to_string()), ..Refusal::new(reason) }
    }
}

/// Whose request it is, and why that is believed.
enum Proof {
    Challenge(Hash, Challenge),
    /// User name and password of the device.
    Login(Mac),
    /// A certificate of this box, in force.
    Certificate {
        mac: Mac,
        profile_id: Option<i64>,
        serial: Vec<u8>,
    },
    /// Somebody said yes to this request.
    Approved {
        request: i64,
        mac: Mac,
        profile_id: i64,
        by: String,
    },
}

impl Proof {
    fn mac(&self) -> Mac {
        match self {
            Proof::Challenge(_, found) => found.mac,
            Proof::Login(mac) | Proof::Certificate { mac, .. } | Proof::Approved { mac, .. } => *mac,
        }
    }

    /// Whether it is a challenge that this key may still use.
    fn is_open(&self, spki: &[u8], now: i64) -> bool {
        matches!(self, Proof::Challenge(_, found) if found.check(&sha256(spki), now).is_ok())
    }
}

struct Given {
    issued: Issued,
    mac: Mac,
    reason: Reason,
}

impl Enrollment {
    pub fn new(pipeline: Arc<Pipeline>, ca: Ca, rules: Rules) -> Enrollment {
        Enrollment { pipeline, ca, rules, ledger: Ledger::default() }
    }

    /// What comes of it stands in the audit log with the phone's address.
    pub async fn answer(&self, asked: Asked) -> Outcome {
        let (process, peer, now) = (asked.protocol.process(), asked.peer, asked.now);
        let outcome = Origin::new(Some(peer), process, None).scope(self.answered(asked)).await;
        self.note(process, peer, &outcome, now).await;
        outcome
    }

    async fn answered(&self, asked: Asked) -> Outcome {
        let is_slowed = self.pipeline.budget.is_exhausted(asked.peer, true, asked.now);
        let proven = if is_slowed { self.proven(&asked) } else { None };
        if is_slowed && proven.is_none() {
            return refused(Reply::NotFound, "*", Refusal::new(Reason::Slowed));
        }
        match &asked.protocol {
            Protocol::Scep(operation) => self.scep(&asked, operation).await,
            Protocol::Est(operation) if asked.transport == Transport::Https => {
                self.est(&asked, *operation, proven).await
            }
            Protocol::Est(_) | Protocol::None => refused(Reply::NotFound, "EST", Refusal::new(Reason::NoFile)),
        }
    }

    fn challenge(&self, secret: &str, user: Option<Mac>) -> Result<Proof, Refusal> {
        let hash = challenge::hash(secret);
        let found = self.pipeline.db.read(|conn| store::challenge(conn, &hash))?;
        let found = found.filter(|found| user.is_none_or(|user| user == found.mac)).ok_or(Void::Unknown)?;
        Ok(Proof::Challenge(hash, found))
    }

    /// A certificate is one of ours when it is byte for byte what was issued.
    fn issued(&self, der: &[u8]) -> Result<Option<store::Issued>, Error> {
        let Ok(certificate) = Certificate::parse(der) else { return Ok(None) };
        let found = self.pipeline.db.read(|conn| store::issued(conn, certificate.serial))?;
        Ok(found.filter(|found| found.der == der))
    }

    fn in_force(&self, der: &[u8], now: i64) -> Result<Option<Proof>, Error> {
        let found = self.issued(der)?.filter(|found| !found.is_revoked && now < found.not_after);
        Ok(found.and_then(|found| {
            let serial = Certificate::parse(der).ok()?.serial.to_vec();
            Some(Proof::Certificate { mac: found.mac?, profile_id: found.profile_id, serial })
        }))
    }

    /// What is said to a certificate that is not, or no longer, worth the next one; of whom, where it was issued here.
    fn void(&self, der: &[u8]) -> Result<Refusal, Error> {
        let mac = self.issued(der)?.and_then(|found| found.mac);
        Ok(Refusal { mac, ..Refusal::new(Reason::CertificateVoid) })
    }

    /// A phone goes on to show the certificate it has until it has another. One that is over proves nothing and does no
    /// harm beside a good proof. One that is revoked does none beside a challenge that was made since: those there were
    /// ended with "revoke all keys", and when the device was let in again.
    fn outweighs(&self, proof: &Proof, shown: &Shown) -> bool {
        match (shown.verdict, proof) {
            (_, Proof::Certificate { .. }) => false,
            (ca::Verdict::Refused(Fault::Expired | Fault::Over), _) => true,
            (ca::Verdict::Refused(Fault::Revoked), Proof::Challenge(_, found)) => {
                let status = Certificate::parse(&shown.der).map(|certificate| self.ca.status(certificate.serial));
                matches!(status, Ok(ca::Status::Revoked { at, .. }) if found.made_at() >= at)
            }
            _ => false,
        }
    }

    /// Whether a proof may come that outweighs it, so that one is asked for.
    fn may_be_outweighed(&self, shown: &Shown, now: i64) -> Result<bool, Error> {
        match shown.verdict {
            ca::Verdict::Refused(Fault::Expired | Fault::Over) => Ok(true),
            ca::Verdict::Refused(Fault::Revoked) => {
                let subject = shown.mac.map(|mac| self.pipeline.subjects.get(mac)).transpose()?.flatten();
                let Some(subject) = subject else { return Ok(false) };
                let open = self.pipeline.db.read(|conn| store::newest_challenge(conn, subject.device.id, now))?;
                Ok(open.is_some())
            }
            _ => Ok(false),
        }
    }

    /// What TLS showed must count, and be no other device's than the one a certificate is asked for.
    fn check_shown(&self, asked: &Asked, mac: Mac, proof: Option<&Proof>) -> Result<(), Refusal> {
        let Some(shown) = &asked.certificate else { return Ok(()) };
        if !proof.is_some_and(|proof| self.outweighs(proof, shown)) {
            shown.check()?;
        }
        let Some(owner) = shown.mac.filter(|owner| *owner != mac) else { return Ok(()) };
        // Anybody can write a name into a certificate of nobody's.
        if shown.verdict != ca::Verdict::Foreign {
            let text = format!("Its certificate was shown from {} for another device's certificate", asked.peer);
            self.pipeline.tell("certificate-of-other", owner.to_string(), text, asked.now);
        }
        let detail = Some(format!("the client certificate is {owner}'s"));
        Err(Refusal { reason: Reason::CertificateOfOther, detail, mac: Some(mac) })
    }

    /// The device that a certificate would be for, and as the authority will name it.
    fn holder(&self, mac: Mac) -> Result<(Arc<Subject>, Holder), Refusal> {
        let refuse = |reason| Refusal { mac: Some(mac), ..Refusal::new(reason) };
        let subject = self.pipeline.subjects.get(mac)?.ok_or_else(|| refuse(Reason::UnknownDevice))?;
        let device = &subject.device;
        match device.state {
            State::Active => {}
            State::Known => return Err(refuse(Reason::NotActive)),
            State::Blocked => return Err(refuse(Reason::Blocked)),
        }
        let label = device.name.clone().unwrap_or_else(|| mac.to_string());
        let holder = Holder {
            mac: Some(mac),
            serial: device.serial.clone(),
            model: device.model.as_deref().map(str::to_owned),
            label,
        };
        Ok((subject, holder))
    }

    async fn give(
        &self,
        proof: Proof,
        spki: &[u8],
        names: &[String],
        door: Door,
        asked: &Asked,
    ) -> Result<Given, Refusal> {
        let (key, now) = (sha256(spki), asked.now);
        let mac = proof.mac();
        self.check_shown(asked, mac, Some(&proof))?;
        let refuse = |refusal: Refusal| Refusal { mac: Some(mac), ..refusal };
        let (subject, holder) = self.holder(mac)?;
        // PGS-011: a password that it still has is no way around "revoke all keys".
        if matches!(proof, Proof::Login(_)) && subject.device.keys_revoked_at.is_some() {
            return Err(refuse(Refusal::new(Reason::KeysRevoked)));
        }
        if let Some(other) = vendors::other_than(mac, names) {
            let detail = Some(format!("it calls itself {other}"));
            return Err(refuse(Refusal { detail, ..Refusal::new(Reason::OtherName) }));
        }
        let (profile, once, reason) = match &proof {
            Proof::Challenge(hash, found) => {
                let hash = *hash;
                let taken = self.pipeline.db.write(move |tx| challenge::take(tx, &hash, &key, now)).await?;
                taken.map_err(|void| refuse(void.into()))?;
                (Some(found.profile_id), digest("challenge", &[&hash, &key]), Reason::CertificateIssued)
            }
            // A phone that logs in may ask often; a key of its own gets one certificate a day.
            Proof::Login(mac) => {
                let day = now.div_euclid(DAY_MS).to_be_bytes();
                (None, digest("login", &[&mac.hex(), &key, &day]), Reason::CertificateIssued)
            }
            Proof::Certificate { profile_id, serial, .. } => {
                (*profile_id, digest("renewal", &[serial, &key]), Reason::CertificateRenewed)
            }
            Proof::Approved { request, profile_id, .. } => {
                (Some(*profile_id), digest("request", &[&request.to_be_bytes(), &key]), Reason::CertificateIssued)
            }
        };
        let profile = match profile {
            Some(profile) => profile,
            None => self.profile_of(&subject.device)?.ok_or_else(|| refuse(Refusal::new(Reason::NoAuthority)))?,
        };
        let by = match &proof {
            Proof::Approved { by, .. } => by.clone(),
            _ => mac.to_string(),
        };
        let order = Order { profile, holder, spki_der: spki.to_vec(), door, by, once: Some(once) };
        match self.ca.issue(order, now).await {
            Ok(issued) => {
                let shows_ours = asked.certificate.as_ref().is_some_and(|shown| shown.verdict == ca::Verdict::Ours);
                let effects = authorize::enrolled_effects(asked.transport, shows_ours, &subject.device);
                let account_id = subject.device.account_id;
                let context = effects::Context { account_id, mac, peer: asked.peer, vendor: None, model: None, now };
                let write = self.pipeline.db.write(move |tx| {
                    // Its settings no longer hold the challenge.
                    devices::store::changed(tx, mac, now)?;
                    effects::apply_all(tx, &effects, &context)
                });
                write.await?;
                Ok(Given { issued, mac, reason })
            }
            Err(error) => {
                // A challenge whose certificate was taken back stays used.
                if let Proof::Challenge(hash, _) = proof
                    && !matches!(error, Refused::Revoked)
                {
                    self.pipeline.db.write(move |tx| store::give_back(tx, &hash, &key)).await?;
                }
                let reason = match error {
                    Refused::Box(_) => Reason::Storage,
                    Refused::KeysRevoked => Reason::KeysRevoked,
                    Refused::Revoked => Reason::CertificateVoid,
                    Refused::NoKey | Refused::AuthorityOver | Refused::ClockEarly | Refused::ClockBack => {
                        Reason::NoAuthority
                    }
                    Refused::KeyOfAnother | Refused::KeyOfAuthority => Reason::KeyOfOther,
                    Refused::NoProfile(_)
                    | Refused::HolderLacks(_)
                    | Refused::HolderValue { .. }
                    | Refused::Template(_)
                    | Refused::Outside(_) => Reason::ProfileUnfit,
                    _ => Reason::KeyRefused,
                };
                tracing::info!(%mac, %error, "no certificate was issued");
                Err(refuse(Refusal { detail: Some(error.to_string()), ..Refusal::new(reason) }))
            }
        }
    }

    /// The certificate profile that its own profile names.
    pub fn profile_of(&self, device: &Device) -> Result<Option<CertProfileId>, Error> {
        let shared = self.pipeline.shared.get()?;
        let name = resolve::certificate_profile(&shared, device);
        self.pipeline.db.read(|conn| store::profile_named(conn, name))
    }
}

/// What may count once only, by what it is about.
fn digest(of: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut text = format!("phonebox {of}").into_bytes();
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part);
    }
    sha256(&text)
}

fn content(content_type: &'static str, bytes: Vec<u8>, label: &str, reason: Reason, mac: Option<Mac>) -> Outcome {
    served(Reply::Content { content_type, bytes: bytes.into(), is_base64: false }, label, reason, mac)
}

fn served(reply: Reply, label: &str, reason: Reason, mac: Option<Mac>) -> Outcome {
    Outcome {
        reply,
        named: record::Named { file: label.to_owned(), mac, decision: Decision::Served, reason, detail: None },
    }
}

fn refused(reply: Reply, label: &str, refusal: Refusal) -> Outcome {
    let Refusal { reason, detail, mac } = refusal;
    Outcome {
        reply,
        named: record::Named { file: label.trim_end().to_owned(), mac, decision: Decision::Refused, reason, detail },
    }
}
