//! EST's part (RFC 7030): HTTP authentication or the certificate that TLS showed, and the answer in its words.

use super::{Asked, Enrollment, Given, Outcome, Proof, Protocol, Refusal, Reply, refused, served};
use crate::ca::csr::Csr;
use crate::ca::{Door, est};
use crate::checkins::Reason;
use crate::enrollment::challenge;
use crate::provision::authorize::Credential;
use crate::provision::login;
use crate::vendors;

impl Enrollment {
    /// By what can be checked before anything is decrypted. A Digest counts once, so the proof is kept.
    pub(super) fn proven(&self, asked: &Asked) -> Option<Proof> {
        let asks = matches!(asked.protocol, Protocol::Est(operation) if operation.takes_request());
        let proof = asks.then(|| self.est_proof(asked).ok()).flatten();
        proof.filter(|proof| matches!(proof, Proof::Login(_) | Proof::Certificate { .. }))
    }

    pub(super) async fn est(&self, asked: &Asked, operation: est::Operation, proven: Option<Proof>) -> Outcome {
        let label = format!("EST {}", operation.word());
        let est = |content_type, body: String, reason, mac| {
            let reply = Reply::Content { content_type, bytes: body.into(), is_base64: true };
            served(reply, &label, reason, mac)
        };
        let methods: &[&str] = if operation.takes_request() { &["POST"] } else { &["GET", "HEAD"] };
        if !methods.contains(&asked.verb.as_str()) {
            return refused(Reply::BadRequest, &label, Refusal::new(Reason::Method));
        }
        match operation {
            est::Operation::CaCertificates => match self.ca.current() {
                Some(current) => {
                    let mut chain: Vec<&[u8]> = current.chain.iter().map(Vec::as_slice).collect();
                    chain.push(current.root.der());
                    let snapshot = self.ca.snapshot();
                    // RFC 7030 §4.1.3: NewWithOld.
                    chain.extend(snapshot.crossing());
                    est(est::CERTIFICATES, est::certificates(&chain), Reason::TrustCertificate, None)
                }
                None => refused(Reply::Unavailable, &label, Refusal::new(Reason::NoAuthority)),
            },
            est::Operation::Attributes => est(est::ATTRIBUTES, est::attributes(), Reason::RequestAttributes, None),
            est::Operation::Enroll | est::Operation::Reenroll => match self.est_given(asked, operation, proven).await {
                Ok(given) => {
                    let body = est::certificates(&[&given.issued.der]);
                    est(est::CERTIFICATES, body, given.reason, Some(given.mac))
                }
                Err(refusal) => {
                    if !matches!(refusal.reason, Reason::Storage | Reason::Ask | Reason::CertificateExpired) {
                        self.pipeline.count_failure(asked.peer, asked.now);
                    }
                    let reply = match refusal.reason {
                        Reason::Ask | Reason::BadCredentials | Reason::CertificateExpired => {
                            Reply::Challenge(self.pipeline.logins.challenge(asked.now, true))
                        }
                        Reason::Storage | Reason::NoAuthority => Reply::Unavailable,
                        Reason::RequestUnreadable
                        | Reason::RequestForbidden
                        | Reason::KeyRefused
                        | Reason::KeyOfOther
                        | Reason::ProfileUnfit => Reply::BadRequest,
                        _ => Reply::Forbidden,
                    };
                    refused(reply, &label, refusal)
                }
            },
        }
    }

    async fn est_given(
        &self,
        asked: &Asked,
        operation: est::Operation,
        proven: Option<Proof>,
    ) -> Result<Given, Refusal> {
        let proof = proven.map_or_else(|| self.est_proof(asked), Ok)?;
        let mac = Some(proof.mac());
        let unreadable = || Refusal { mac, ..Refusal::new(Reason::RequestUnreadable) };
        let der = est::request(&asked.body).map_err(|_| unreadable())?;
        let csr = Csr::parse(&der, false).map_err(|error| Refusal { mac, ..error.into() })?;
        if operation == est::Operation::Reenroll {
            self.check_names(asked, &proof, &csr)?;
        }
        self.give(proof, &csr.spki, &csr.names, Door::Est, asked).await
    }

    /// A renewal keeps the names of the certificate that proves it, in whatever notation the phone has them.
    fn check_names(&self, asked: &Asked, proof: &Proof, csr: &Csr) -> Result<(), Refusal> {
        let (Proof::Certificate { mac, .. }, Some(shown)) = (proof, &asked.certificate) else { return Ok(()) };
        let (_, holder) = self.holder(*mac)?;
        let is_its_own =
            |name: &str| holder.serial.as_deref() == Some(name) || vendors::macs_named(name.as_bytes()).contains(mac);
        let Some(name) = csr.new_name(&shown.der, is_its_own) else { return Ok(()) };
        let detail = Some(format!("it asks for the name {name:?}, which is not its certificate's"));
        Err(Refusal { mac: Some(*mac), detail, ..Refusal::new(Reason::OtherName) })
    }

    /// The certificate that was shown, else user name and password: the device's own, or its challenge.
    fn est_proof(&self, asked: &Asked) -> Result<Proof, Refusal> {
        let Some(shown) = &asked.certificate else { return self.est_login(asked) };
        if let Err(refusal) = shown.check() {
            return match self.est_login(asked) {
                Ok(proof) if self.outweighs(&proof, shown) => Ok(proof),
                // It is asked for a password; that its own certificate is over is what somebody should read.
                Err(why) if why.reason == Reason::Ask && refusal.reason == Reason::CertificateExpired => Err(refusal),
                Err(why) if self.may_be_outweighed(shown, asked.now)? => Err(why),
                // Before a password is asked for: whoever shows a revoked one is refused, and that is told.
                _ => Err(refusal),
            };
        }
        match self.in_force(&shown.der, asked.now)? {
            Some(current) => Ok(current),
            None => self.est_login(asked),
        }
    }

    /// User name and password.
    fn est_login(&self, asked: &Asked) -> Result<Proof, Refusal> {
        let Some(header) = &asked.authorization else { return Err(Refusal::new(Reason::Ask)) };
        let mut user = None;
        let login = self.pipeline.logins.check(header, &asked.verb, None, asked.now, |name| {
            user = name.parse().ok();
            self.pipeline.own_logins(name)
        })?;
        if let Credential::Login(mac) = login {
            return Ok(Proof::Login(mac));
        }
        let bad = || Refusal::new(Reason::BadCredentials);
        let user = user.ok_or_else(bad)?;
        if let Some((_, password)) = login::basic_of(header) {
            return self.challenge(&password, Some(user)).map_err(|_| bad());
        }
        // Digest: which of the device's challenges it was made of.
        for secret in self.pipeline.db.read(|conn| challenge::all(conn, &self.pipeline.keys, user))? {
            let given = |_: &str| Ok::<_, Refusal>(vec![(Credential::Login(user), secret.clone())]);
            if let Credential::Login(_) = self.pipeline.logins.check(header, &asked.verb, None, asked.now, given)? {
                return self.challenge(secret.reveal(), Some(user)).map_err(|_| bad());
            }
        }
        Err(bad())
    }
}
