//! SCEP's part (RFC 8894): which proof a message holds, and the answer in its words.

use super::{Asked, Enrollment, Given, Outcome, Proof, Refusal, Reply, content, refused};
use crate::ca::cms::{self, Certificate};
use crate::ca::csr::{self, Csr};
use crate::ca::scep::{self, Answer, FailInfo, Kind, Message};
use crate::ca::signature::Digest;
use crate::ca::{self, Door};
use crate::checkins::Reason;
use crate::db::Error;
use crate::enrollment::requests::{self, RequestState as Verdict};
use crate::enrollment::store;
use crate::net::Mac;
use crate::vendors;
use std::sync::Arc;

const UNANSWERABLE: &str = "SCEP encrypts its answer to the key that signed, which must be RSA of 1024 to 8192 bits; any \
                            other gets its certificate by EST";

impl Enrollment {
    pub(super) async fn scep(&self, asked: &Asked, operation: &scep::Operation) -> Outcome {
        let label = format!("SCEP {}", operation.word());
        let Some(keys) = self.keys(asked.now).await else {
            return refused(Reply::Unavailable, &label, Refusal::new(Reason::NoAuthority));
        };
        match operation {
            scep::Operation::Capabilities => {
                let next = self.ca.snapshot().next().map_or("", |_| scep::NEXT);
                let words = scep::CAPABILITIES.to_owned() + next;
                content("text/plain", words.into(), &label, Reason::ScepCapabilities, None)
            }
            scep::Operation::NextCaCertificates => match self.ca.next_certificates(&keys) {
                Ok(Some(body)) => {
                    content("application/x-x509-next-ca-cert", body, &label, Reason::TrustCertificate, None)
                }
                // Not advertised: as what is not known.
                Ok(None) => {
                    self.pipeline.count_failure(asked.peer, asked.now);
                    refused(Reply::BadRequest, &label, Refusal::new(Reason::NoFile))
                }
                Err(error) => {
                    tracing::error!(%error, "the next CA cannot be told");
                    refused(Reply::Unavailable, &label, Refusal::new(Reason::NoAuthority))
                }
            },
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

    async fn keys(&self, now: i64) -> Option<Arc<ca::Registration>> {
        let keys = match self.rules.old_phones {
            // A site's own CA may have no RSA key: then SCEP's own is what works, also for phones that expect the CA's.
            true => match self.ca.issuer_as_registration() {
                Ok(None) => self.ca.registration(now).await.map(Some),
                found => found,
            },
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
            tracing::error!("an answer by SCEP could not be written");
            return refused(Reply::Unavailable, &label, Refusal::new(Reason::NoAuthority));
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
        let opened = message.open(keys);
        // Whatever is wrong with it, whose proof it came with is known.
        let blame = |refusal: Refusal| {
            let content = opened.as_ref().map(|content| content.as_slice()).unwrap_or_default();
            Refusal { mac: refusal.mac.or_else(|| self.asker(&message.signer, content, asked.now)), ..refusal }
        };
        let unreadable = || blame(Refusal::new(Reason::RequestUnreadable));
        if message.digest.is_none_or(|digest| digest == Digest::Md5 && !self.rules.old_phones) {
            return Err((FailInfo::Algorithm, unreadable()));
        }
        // A key that is too short signs nothing, either.
        if !message.is_authentic {
            return Err((FailInfo::MessageCheck, unreadable()));
        }
        let kind = message.kind.ok_or_else(|| (FailInfo::Request, blame(Refusal::new(Reason::BadRequest))))?;
        if !message.takes_success() {
            let refusal = Refusal { detail: Some(UNANSWERABLE.into()), ..Refusal::new(Reason::KeyRefused) };
            return Err((FailInfo::Algorithm, blame(refusal)));
        }
        let content = opened.as_ref().map_err(|_| (FailInfo::Request, unreadable()))?;
        let refuse = |refusal| (FailInfo::Request, refusal);
        match kind {
            Kind::Request | Kind::Renewal => {
                let blame = |refusal| refuse(blame(refusal));
                let csr = Csr::parse(content, self.rules.old_phones).map_err(|error| blame(error.into()))?;
                match self.scep_proof(kind, message, &csr, asked).await.map_err(blame)? {
                    Some(proof) => {
                        let given = self.give(proof, &csr.spki, &csr.names, Door::Scep, asked).await.map_err(refuse)?;
                        Ok(success(given))
                    }
                    None => self.wait(message, &csr, asked).await.map_err(refuse),
                }
            }
            Kind::Poll => self.poll(message, asked).await.map_err(refuse),
            Kind::GetCertificate => {
                let found = self.certificate_asked(content).map_err(|error| refuse(error.into()))?;
                let der = found.ok_or((FailInfo::CertificateId, Refusal::new(Reason::NoFile)))?;
                Ok((Answer::Success(cms::certs_only(&[&der], &[])), Reason::CertificateCopy, None))
            }
            Kind::GetCrl => {
                let issuer = self.asked_for(content).map(|(issuer, _)| issuer);
                let list = issuer.and_then(|issuer| self.ca.public().get(&format!("phonebox-ca-{issuer}.crl")));
                let list = list.ok_or((FailInfo::CertificateId, Refusal::new(Reason::NoFile)))?;
                Ok((Answer::Success(cms::certs_only(&[], &[&list.bytes])), Reason::RevocationList, None))
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
            return match current {
                Some(proof) => Ok(Some(proof)),
                None => Err(self.void(&message.signer)?),
            };
        }
        // Who asks for the first time signs with the key the certificate is for (RFC 8894 §2.3).
        let signer = Certificate::parse(&message.signer).map_err(|_| Refusal::new(Reason::RequestUnreadable))?;
        if current.is_none() && signer.spki != csr.spki {
            return Err(Refusal::new(Reason::CertificateVoid));
        }
        let secret = csr.challenge.as_ref().filter(|challenge| !challenge.reveal().is_empty());
        let challenge = secret.map(|secret| self.challenge(secret.reveal(), None));
        match (challenge, current) {
            // What the phone has instead of a challenge (an Avaya: its serial number) takes nothing from its certificate.
            (challenge, Some(current)) => match challenge {
                Some(Ok(good)) if good.mac() == current.mac() && good.is_open(&csr.spki, asked.now) => Ok(Some(good)),
                _ => Ok(Some(current)),
            },
            (Some(challenge), None) => challenge.map(Some),
            (None, None) if self.rules.approve => Ok(None),
            (None, None) => Err(Refusal::new(Reason::ChallengeMissing)),
        }
    }

    /// The device whose certificate in force signed a message that is refused, else whose challenge is in it.
    fn asker(&self, signer: &[u8], request: &[u8], now: i64) -> Option<Mac> {
        if let Some(current) = self.in_force(signer, now).ok()? {
            return Some(current.mac());
        }
        let secret = csr::challenge_of(request).filter(|secret| !secret.reveal().is_empty())?;
        self.challenge(secret.reveal(), None).ok().map(|proof| proof.mac())
    }

    /// Without a challenge: a device that exists, by the one name the request gives, waits for a person.
    async fn wait(
        &self,
        message: &Message,
        csr: &Csr,
        asked: &Asked,
    ) -> Result<(Answer, Reason, Option<Mac>), Refusal> {
        let mut macs: Vec<Mac> = csr.names.iter().flat_map(|name| vendors::macs_named(name.as_bytes())).collect();
        macs.sort_unstable();
        macs.dedup();
        let &[mac] = macs.as_slice() else { return Err(Refusal::new(Reason::ChallengeMissing)) };
        self.check_shown(asked, mac, None)?;
        let holder = self.holder(mac)?.0;
        let account_id = holder.device.account_id;
        let (transaction, spki, peer) = (message.transaction.clone(), csr.spki.clone(), asked.peer.to_string());
        let profile_id = self.profile_of(&holder.device)?.ok_or(Refusal::new(Reason::NoAuthority))?;
        let now = asked.now;
        let found = self.pipeline.db.write(move |tx| {
            let new = requests::New { account_id, mac, profile_id, transaction: &transaction, spki: &spki, peer };
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

    /// Issuer and serial number in a question about a certificate that one of our CAs may have issued.
    fn asked_for(&self, content: &[u8]) -> Option<(i64, Vec<u8>)> {
        let snapshot = self.ca.snapshot();
        snapshot.authorities.iter().find_map(|issuer| {
            let serial = scep::asked_serial(content, &Certificate::parse(issuer.der()).ok()?)?;
            Some((issuer.id, serial))
        })
    }

    fn certificate_asked(&self, content: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some((_, serial)) = self.asked_for(content) else { return Ok(None) };
        let found = self.pipeline.db.read(|conn| store::issued(conn, &serial))?;
        Ok(found.map(|found| found.der))
    }
}

fn success(given: Given) -> (Answer, Reason, Option<Mac>) {
    (Answer::Success(cms::certs_only(&[&given.issued.der], &[])), given.reason, Some(given.mac))
}
