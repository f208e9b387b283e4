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

use super::pipeline::{ACCOUNT, Pipeline};
use super::{login, record};
use crate::ca::cms::{self, Certificate};
use crate::ca::csr::{Csr, CsrError};
use crate::ca::scep::{Answer, FailInfo, Kind, Message};
use crate::ca::signature::Digest;
use crate::ca::{self, Ca, Door, Holder, Issued, Order, Refused, est, scep};
use crate::checkins::{Decision, Reason, Transport};
use crate::db::Error;
use crate::devices::{self, State};
use crate::enrollment::challenge::{self, Challenge, Hash, Void};
use crate::enrollment::requests::{self, State as Verdict};
use crate::enrollment::store;
use crate::net::Mac;
use crate::provision::authorize::Credential;
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
}

#[derive(Debug, Clone)]
pub enum Protocol {
    Scep(scep::Operation),
    Est(est::Operation),
    /// Below a protocol's path, but nothing of it.
    None,
}

/// A request of its own: it is answered on another thread than it came on.
#[derive(Debug)]
pub struct Asked {
    pub protocol: Protocol,
    pub transport: Transport,
    pub peer: IpAddr,
    pub verb: String,
    pub authorization: Option<Vec<u8>>,
    /// The client certificate that was shown, DER. That its key is held is proved; nothing else is.
    pub certificate: Option<Arc<[u8]>>,
    pub body: bytes::Bytes,
    pub now: i64,
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
        Refusal { detail: Some(error.to_string()), ..Refusal::new(Reason::RequestUnreadable) }
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

struct Given {
    issued: Issued,
    mac: Mac,
    reason: Reason,
}

impl Enrollment {
    pub fn new(pipeline: Arc<Pipeline>, ca: Ca, rules: Rules) -> Enrollment {
        Enrollment { pipeline, ca, rules }
    }

    pub async fn answer(&self, asked: Asked) -> Outcome {
        if self.pipeline.budget.is_exhausted(asked.peer, asked.now) && !self.is_proven(&asked) {
            return refused(Reply::NotFound, "*", Refusal::new(Reason::Slowed));
        }
        match &asked.protocol {
            Protocol::Scep(operation) => self.scep(&asked, operation).await,
            Protocol::Est(operation) if asked.transport == Transport::Https => self.est(&asked, *operation).await,
            Protocol::Est(_) | Protocol::None => refused(Reply::NotFound, "EST", Refusal::new(Reason::NoFile)),
        }
    }

    async fn scep(&self, asked: &Asked, operation: &scep::Operation) -> Outcome {
        let label = format!("SCEP {}", operation.word());
        let Some(keys) = self.keys(asked.now).await else {
            return refused(Reply::Unavailable, &label, Refusal::new(Reason::NoAuthority));
        };
        match operation {
            scep::Operation::Capabilities => {
                content("text/plain", scep::CAPABILITIES.as_bytes().to_vec(), &label, Reason::TrustCertificate, None)
            }
            scep::Operation::CaCertificates => {
                let (content_type, body) = keys.certificates();
                content(content_type, body, &label, Reason::TrustCertificate, None)
            }
            scep::Operation::Message(in_url) => {
                let bytes = in_url.as_deref().unwrap_or(&asked.body);
                match Message::read(bytes) {
                    Ok(message) => self.message(asked, &keys, message).await,
                    Err(_) => {
                        self.pipeline.count_failure(asked.peer, asked.now);
                        refused(Reply::BadRequest, &label, Refusal::new(Reason::RequestUnreadable))
                    }
                }
            }
            scep::Operation::Unknown => {
                self.pipeline.count_failure(asked.peer, asked.now);
                refused(Reply::BadRequest, &label, Refusal::new(Reason::BadRequest))
            }
        }
    }

    /// By what can be checked before anything is decrypted.
    fn is_proven(&self, asked: &Asked) -> bool {
        matches!(asked.protocol, Protocol::Est(operation) if operation.takes_request())
            && matches!(self.est_proof(asked), Ok(Proof::Login(_) | Proof::Certificate { .. }))
    }

    async fn keys(&self, now: i64) -> Option<Arc<ca::Registration>> {
        let keys = match self.rules.old_phones {
            true => self.ca.issuer_as_registration(),
            false => self.ca.registration(now).await.map(Some),
        };
        keys.unwrap_or_else(|error| {
            tracing::error!(%error, "SCEP has no key");
            None
        })
    }

    async fn message(&self, asked: &Asked, keys: &ca::Registration, mut message: Message) -> Outcome {
        let label = format!("SCEP {}", message.kind.map_or("of no known type", Kind::word));
        let (answer, given) = match self.handle(asked, keys, &mut message).await {
            Ok((answer, reason, mac)) => (answer, Ok((reason, mac))),
            // The box's own trouble is no answer: the phone comes again.
            Err((_, refusal)) if matches!(refusal.reason, Reason::Storage | Reason::NoAuthority) => {
                return refused(Reply::Unavailable, &label, refusal);
            }
            Err((info, refusal)) => (Answer::Failure(info), Err(refusal)),
        };
        let Some(bytes) = message.answer(keys, &answer) else {
            let refusal = Refusal {
                detail: Some("the answer cannot be encrypted to it".into()),
                ..Refusal::new(Reason::KeyRefused)
            };
            return refused(Reply::BadRequest, &label, refusal);
        };
        const CONTENT_TYPE: &str = "application/x-pki-message";
        match given {
            Ok((reason, mac)) => content(CONTENT_TYPE, bytes, &label, reason, mac),
            Err(refusal) => {
                self.pipeline.count_failure(asked.peer, asked.now);
                let reply = Reply::Content { content_type: CONTENT_TYPE, bytes: bytes.into(), is_base64: false };
                refused(reply, &label, refusal)
            }
        }
    }

    /// One message. Whatever is wrong once the CA's key was used is `badRequest`: what it is only the check-in says.
    async fn handle(
        &self,
        asked: &Asked,
        keys: &ca::Registration,
        message: &mut Message,
    ) -> Result<(Answer, Reason, Option<Mac>), (FailInfo, Refusal)> {
        let unreadable = || (FailInfo::Request, Refusal::new(Reason::RequestUnreadable));
        if message.digest == Digest::Md5 && !self.rules.old_phones {
            return Err((FailInfo::Algorithm, Refusal::new(Reason::RequestUnreadable)));
        }
        if !message.is_authentic {
            return Err((FailInfo::MessageCheck, Refusal::new(Reason::RequestUnreadable)));
        }
        let kind = message.kind.ok_or((FailInfo::Request, Refusal::new(Reason::BadRequest)))?;
        let content = message.open(keys).map_err(|_| unreadable())?;
        let refuse = |refusal| (FailInfo::Request, refusal);
        match kind {
            Kind::Request | Kind::Renewal => {
                let csr = Csr::parse(&content, self.rules.old_phones).map_err(|error| refuse(error.into()))?;
                match self.scep_proof(kind, message, &csr, asked).await.map_err(refuse)? {
                    Some(proof) => {
                        let given = self.give(proof, &csr.spki, &csr.names, Door::Scep, asked).await.map_err(refuse)?;
                        Ok(success(given))
                    }
                    None => self.wait(message, &csr, asked).await.map_err(refuse),
                }
            }
            Kind::Poll => self.poll(message, asked).await.map_err(refuse),
            Kind::GetCertificate => {
                let found = self.certificate_asked(&content).map_err(|error| refuse(error.into()))?;
                let der = found.ok_or((FailInfo::CertificateId, Refusal::new(Reason::NoFile)))?;
                Ok((Answer::Success(cms::certs_only(&[&der], &[])), Reason::TrustCertificate, None))
            }
            Kind::GetCrl => {
                let list = self.ca.public().get("phonebox-ca.crl").filter(|_| self.serial_asked(&content).is_some());
                let list = list.ok_or((FailInfo::CertificateId, Refusal::new(Reason::NoFile)))?;
                Ok((Answer::Success(cms::certs_only(&[], &[&list.bytes])), Reason::TrustCertificate, None))
            }
        }
    }

    /// `None`: there is none, and a person may decide.
    async fn scep_proof(
        &self,
        kind: Kind,
        message: &Message,
        csr: &Csr,
        asked: &Asked,
    ) -> Result<Option<Proof>, Refusal> {
        let current = self.in_force(&message.signer, asked.now)?;
        if kind == Kind::Renewal {
            return current.map(Some).ok_or(Refusal::new(Reason::CertificateVoid));
        }
        // Who asks for the first time signs with the key the certificate is for (RFC 8894 §2.3).
        let signer = Certificate::parse(&message.signer).map_err(|_| Refusal::new(Reason::RequestUnreadable))?;
        if current.is_none() && signer.spki != csr.spki {
            return Err(Refusal::new(Reason::CertificateVoid));
        }
        match (csr.challenge.as_ref().filter(|challenge| !challenge.reveal().is_empty()), current) {
            (Some(secret), _) => self.challenge(secret.reveal(), None).map(Some),
            (None, Some(current)) => Ok(Some(current)),
            (None, None) if self.rules.approve => Ok(None),
            (None, None) => Err(Refusal::new(Reason::ChallengeMissing)),
        }
    }

    fn challenge(&self, secret: &str, user: Option<Mac>) -> Result<Proof, Refusal> {
        let hash = challenge::hash(secret);
        let found = self.pipeline.db.read(|conn| store::challenge(conn, &hash))?;
        let found = found.filter(|found| user.is_none_or(|user| user == found.mac)).ok_or(Void::Unknown)?;
        Ok(Proof::Challenge(hash, found))
    }

    /// A certificate is one of ours when it is byte for byte what was issued.
    fn in_force(&self, der: &[u8], now: i64) -> Result<Option<Proof>, Error> {
        let Ok(certificate) = Certificate::parse(der) else { return Ok(None) };
        let found = self.pipeline.db.read(|conn| store::issued(conn, certificate.serial))?;
        Ok(found.filter(|found| found.der == der && !found.is_revoked && now < found.not_after).and_then(|found| {
            let serial = certificate.serial.to_vec();
            Some(Proof::Certificate { mac: found.mac?, profile_id: found.profile_id, serial })
        }))
    }

    /// The device as the authority will name it.
    fn holder(&self, mac: Mac) -> Result<Holder, Refusal> {
        let refuse = |reason| Refusal { mac: Some(mac), ..Refusal::new(reason) };
        let subject = self.pipeline.subjects.get(mac)?.ok_or_else(|| refuse(Reason::UnknownDevice))?;
        let device = &subject.device;
        match device.state {
            State::Active => {}
            State::Known => return Err(refuse(Reason::NotActive)),
            State::Blocked => return Err(refuse(Reason::Blocked)),
        }
        let label = device.name.clone().unwrap_or_else(|| mac.to_string());
        Ok(Holder { mac: Some(mac), serial: device.serial.clone(), model: device.model.clone(), label })
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
        let mac = match &proof {
            Proof::Challenge(_, found) => found.mac,
            Proof::Login(mac) | Proof::Certificate { mac, .. } | Proof::Approved { mac, .. } => *mac,
        };
        let refuse = |refusal: Refusal| Refusal { mac: Some(mac), ..refusal };
        let holder = self.holder(mac)?;
        if let Some(other) = names.iter().flat_map(|name| vendors::macs_in(name.as_bytes())).find(|named| *named != mac)
        {
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
            None => self.usual_profile()?,
        };
        let by = match &proof {
            Proof::Approved { by, .. } => by.clone(),
            _ => mac.to_string(),
        };
        let order = Order { profile, holder, spki_der: spki.to_vec(), door, by, once: Some(once) };
        match self.ca.issue(order, now).await {
            Ok(issued) => {
                // Its settings no longer hold the challenge.
                self.pipeline.db.write(move |tx| devices::store::changed(tx, mac, now)).await?;
                Ok(Given { issued, mac, reason })
            }
            Err(error) => {
                if let Proof::Challenge(hash, _) = proof {
                    self.pipeline.db.write(move |tx| store::give_back(tx, &hash, &key)).await?;
                }
                let reason = match error {
                    Refused::Box(_) => Reason::Storage,
                    Refused::NoKey | Refused::AuthorityOver | Refused::ClockEarly | Refused::ClockBack => {
                        Reason::NoAuthority
                    }
                    _ => Reason::KeyRefused,
                };
                tracing::info!(%mac, %error, "no certificate was issued");
                Err(refuse(Refusal { detail: Some(error.to_string()), ..Refusal::new(reason) }))
            }
        }
    }

    fn usual_profile(&self) -> Result<i64, Refusal> {
        let found = self.pipeline.db.read(|conn| store::profile_named(conn, ca::cert_profile::DEVICE))?;
        found.ok_or(Refusal::new(Reason::NoAuthority))
    }

    /// Without a challenge: a device that exists, by the one name the request gives, waits for a person.
    async fn wait(
        &self,
        message: &Message,
        csr: &Csr,
        asked: &Asked,
    ) -> Result<(Answer, Reason, Option<Mac>), Refusal> {
        let mut macs: Vec<Mac> = csr.names.iter().flat_map(|name| vendors::macs_in(name.as_bytes())).collect();
        macs.dedup();
        let &[mac] = macs.as_slice() else { return Err(Refusal::new(Reason::ChallengeMissing)) };
        self.holder(mac)?;
        let (transaction, spki, peer) = (message.transaction.clone(), csr.spki.clone(), asked.peer.to_string());
        let (profile_id, now) = (self.usual_profile()?, asked.now);
        let found = self.pipeline.db.write(move |tx| {
            let new =
                requests::New { account_id: ACCOUNT, mac, profile_id, transaction: &transaction, spki: &spki, peer };
            requests::find_or_add(tx, &new, now)
        });
        let refused = Refusal { mac: Some(mac), ..Refusal::new(Reason::Busy) };
        let request = found.await?.ok_or(refused)?;
        self.decided(request, asked).await
    }

    async fn poll(&self, message: &Message, asked: &Asked) -> Result<(Answer, Reason, Option<Mac>), Refusal> {
        let unknown = || Refusal::new(Reason::ChallengeMissing);
        let signer = Certificate::parse(&message.signer).map_err(|_| unknown())?;
        let found = self.pipeline.db.read(|conn| store::request_of(conn, &message.transaction))?;
        self.decided(found.filter(|found| found.spki == signer.spki).ok_or_else(unknown)?, asked).await
    }

    async fn decided(
        &self,
        request: requests::Request,
        asked: &Asked,
    ) -> Result<(Answer, Reason, Option<Mac>), Refusal> {
        let mac = request.mac;
        match (request.state, request.decided_by) {
            (Verdict::Waiting, _) => Ok((Answer::Pending, Reason::RequestWaits, Some(mac))),
            (Verdict::Approved, Some(by)) => {
                let proof = Proof::Approved { request: request.id, mac, profile_id: request.profile_id, by };
                self.give(proof, &request.spki, &[], Door::Scep, asked).await.map(success)
            }
            _ => Err(Refusal { mac: Some(mac), ..Refusal::new(Reason::RequestDeclined) }),
        }
    }

    /// In a question about a certificate that one of our CAs may have issued.
    fn serial_asked(&self, content: &[u8]) -> Option<Vec<u8>> {
        let snapshot = self.ca.snapshot();
        let mut issuers = snapshot.issuers().filter_map(|issuer| Certificate::parse(issuer.der()).ok());
        issuers.find_map(|issuer| scep::asked_serial(content, &issuer))
    }

    fn certificate_asked(&self, content: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(serial) = self.serial_asked(content) else { return Ok(None) };
        let found = self.pipeline.db.read(|conn| store::issued(conn, &serial))?;
        Ok(found.map(|found| found.der))
    }

    async fn est(&self, asked: &Asked, operation: est::Operation) -> Outcome {
        let label = format!("EST {}", operation.word());
        let est = |content_type, body: String, reason, mac| {
            let reply = Reply::Content { content_type, bytes: body.into(), is_base64: true };
            served(reply, &label, reason, mac)
        };
        let method = if operation.takes_request() { "POST" } else { "GET" };
        if asked.verb != method {
            return refused(Reply::BadRequest, &label, Refusal::new(Reason::Method));
        }
        match operation {
            est::Operation::CaCertificates => match self.ca.current() {
                Some(current) => {
                    let mut chain: Vec<&[u8]> = current.chain.iter().map(Vec::as_slice).collect();
                    chain.push(current.root.der());
                    est(est::CERTIFICATES, est::certificates(&chain), Reason::TrustCertificate, None)
                }
                None => refused(Reply::Unavailable, &label, Refusal::new(Reason::NoAuthority)),
            },
            est::Operation::Attributes => est(est::ATTRIBUTES, est::attributes(), Reason::TrustCertificate, None),
            est::Operation::Enroll | est::Operation::Reenroll => match self.est_given(asked).await {
                Ok(given) => {
                    let body = est::certificates(&[&given.issued.der]);
                    est(est::CERTIFICATES, body, given.reason, Some(given.mac))
                }
                Err(refusal) => {
                    if !matches!(refusal.reason, Reason::Storage | Reason::Ask) {
                        self.pipeline.count_failure(asked.peer, asked.now);
                    }
                    let reply = match refusal.reason {
                        Reason::Ask | Reason::BadCredentials => {
                            Reply::Challenge(self.pipeline.logins.challenge(asked.now, true))
                        }
                        Reason::Storage | Reason::NoAuthority => Reply::Unavailable,
                        Reason::RequestUnreadable | Reason::KeyRefused => Reply::BadRequest,
                        _ => Reply::Forbidden,
                    };
                    refused(reply, &label, refusal)
                }
            },
        }
    }

    async fn est_given(&self, asked: &Asked) -> Result<Given, Refusal> {
        let proof = self.est_proof(asked)?;
        let der = est::request(&asked.body).map_err(|_| Refusal::new(Reason::RequestUnreadable))?;
        let csr = Csr::parse(&der, false)?;
        self.give(proof, &csr.spki, &csr.names, Door::Est, asked).await
    }

    /// The certificate that was shown, else user name and password: the device's own, or its challenge.
    fn est_proof(&self, asked: &Asked) -> Result<Proof, Refusal> {
        if let Some(shown) = &asked.certificate
            && let Some(current) = self.in_force(shown, asked.now)?
        {
            return Ok(current);
        }
        let Some(header) = &asked.authorization else { return Err(Refusal::new(Reason::Ask)) };
        let login = self.pipeline.logins.check(header, &asked.verb, asked.now, |mac| {
            let subject = self.pipeline.subjects.get(mac)?;
            Ok::<_, Error>(subject.map(|subject| subject.device.http_password.clone()))
        })?;
        if let Credential::Login(mac) = login {
            return Ok(Proof::Login(mac));
        }
        let bad = || Refusal::new(Reason::BadCredentials);
        let (user, password) = login::basic_of(header).ok_or_else(bad)?;
        self.challenge(&password, Some(user.parse().map_err(|_| bad())?)).map_err(|_| bad())
    }
}

fn success(given: Given) -> (Answer, Reason, Option<Mac>) {
    (Answer::Success(cms::certs_only(&[&given.issued.der], &[])), given.reason, Some(given.mac))
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
