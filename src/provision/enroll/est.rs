//! EST's part (RFC 7030): HTTP authentication or the certificate that TLS showed, and the answer in its words.

use super::{Asked, Enrollment, Given, Outcome, Proof, Protocol, Refusal, Reply, refused, served};
use crate::ca::csr::Csr;
use crate::ca::{Door, est};
use crate::checkins::Reason;
use crate::provision::authorize::Credential;
use crate::provision::login;

impl Enrollment {
    /// By what can be checked before anything is decrypted.
    pub(super) fn is_proven(&self, asked: &Asked) -> bool {
        matches!(asked.protocol, Protocol::Est(operation) if operation.takes_request())
            && matches!(self.est_proof(asked), Ok(Proof::Login(_) | Proof::Certificate { .. }))
    }

    pub(super) async fn est(&self, asked: &Asked, operation: est::Operation) -> Outcome {
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
                    let snapshot = self.ca.snapshot();
                    // RFC 7030 §4.1.3: NewWithOld.
                    chain.extend(snapshot.crossing());
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
                        Reason::RequestUnreadable | Reason::RequestForbidden | Reason::KeyRefused => Reply::BadRequest,
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
        if let Some(shown) = &asked.certificate {
            // Before a password is asked for: whoever shows a revoked one is refused, and that is told.
            shown.check()?;
            if let Some(current) = self.in_force(&shown.der, asked.now)? {
                return Ok(current);
            }
        }
        let Some(header) = &asked.authorization else { return Err(Refusal::new(Reason::Ask)) };
        let login = self.pipeline.logins.check(header, &asked.verb, asked.now, |mac| {
            let subjects = &self.pipeline.subjects;
            subjects.get(mac)?.map(|subject| subjects.http_password(&subject)).transpose()
        })?;
        if let Credential::Login(mac) = login {
            return Ok(Proof::Login(mac));
        }
        let bad = || Refusal::new(Reason::BadCredentials);
        let (user, password) = login::basic_of(header).ok_or_else(bad)?;
        self.challenge(&password, Some(user.parse().map_err(|_| bad())?)).map_err(|_| bad())
    }
}
