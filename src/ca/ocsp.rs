//! The OCSP responder (RFC 6960): one question, one signed answer, made when it is asked.
//!
//! The CA that issued signs itself, so that no client needs another certificate. A question about a CA that is not ours
//! is *unauthorized*, as is one about a root's whose key is not here; one about a serial that was never given out is
//! *unknown*, as the RFC says (2.2, 2.3).

use super::authority::Authority;
use super::revoke::{Reason, Status};
use super::{Ca, CaError};
use aws_lc_rs::digest;
use rcgen::SigningKey;
use std::time::Duration;
use yasna::models::{GeneralizedTime, ObjectIdentifier};
use yasna::{ASN1Result, BERReader, DERWriter, Tag};

pub const RESPONSE: &str = "application/ocsp-response";
/// A question is a hundred bytes.
pub const LARGEST: usize = 4 * 1024;
/// RFC 8954: a nonce has up to 32 octets. Longer ones are not echoed.
const LONGEST_NONCE: usize = 32;
const MOST: usize = 16;
const PATIENCE: Duration = Duration::from_secs(2);
const HOUR: i64 = 3_600_000;

const OID_BASIC: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 48, 1, 1];
const OID_NONCE: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 48, 1, 2];
const OID_SHA1: &[u64] = &[1, 3, 14, 3, 2, 26];
const OID_SHA256: &[u64] = &[2, 16, 840, 1, 101, 3, 4, 2, 1];

/// RFC 6960, 4.2.1.
#[derive(Clone, Copy)]
enum Failure {
    Malformed = 1,
    Internal = 2,
    TryLater = 3,
    Unauthorized = 6,
}

struct CertId {
    der: Vec<u8>,
    hash: ObjectIdentifier,
    name: Vec<u8>,
    key: Vec<u8>,
    serial: Vec<u8>,
}

struct Request {
    asked: Vec<CertId>,
    /// The extension's value as it came.
    nonce: Option<Vec<u8>>,
}

impl Ca {
    /// The DER of an OCSPResponse, whatever came. One is signed at a time: a flood of questions takes no phone's turn.
    pub async fn ocsp(&self, request: &[u8], now: i64) -> Vec<u8> {
        let answer = match yasna::parse_der(request, read) {
            Ok(request) if !request.asked.is_empty() && request.asked.len() <= MOST => {
                match tokio::time::timeout(PATIENCE, self.0.answering.acquire()).await {
                    Ok(_turn) => {
                        let ca = self.clone();
                        let signed = tokio::task::spawn_blocking(move || ca.answer(&request, now)).await;
                        signed.unwrap_or(Err(Failure::Internal))
                    }
                    Err(_) => Err(Failure::TryLater),
                }
            }
            _ => Err(Failure::Malformed),
        };
        answer.unwrap_or_else(|failure| {
            yasna::construct_der(|writer| {
                writer.write_sequence(|writer| writer.next().write_enum(failure as i64));
            })
        })
    }

    fn answer(&self, request: &Request, now: i64) -> Result<Vec<u8>, Failure> {
        let snapshot = self.snapshot();
        let by_it = |asked: &CertId, known: &Authority| {
            let hash = |bytes: &[u8]| {
                let algorithm = if asked.hash.components() == OID_SHA1 {
                    &digest::SHA1_FOR_LEGACY_USE_ONLY
                } else if asked.hash.components() == OID_SHA256 {
                    &digest::SHA256
                } else {
                    return None;
                };
                Some(digest::digest(algorithm, bytes))
            };
            let is = |bytes: &[u8], hashed: &[u8]| hash(bytes).is_some_and(|hash| hash.as_ref() == hashed);
            is(&known.parsed.subject, &asked.name) && is(&known.parsed.key, &asked.key)
        };
        let first = request.asked.first().ok_or(Failure::Malformed)?;
        // A root answers for the CAs below it.
        let mut able = snapshot.authorities.iter().filter(|known| known.issues || known.issuer().is_some());
        let authority = able.find(|known| by_it(first, known)).ok_or(Failure::Unauthorized)?;
        if !request.asked.iter().all(|asked| by_it(asked, authority)) {
            return Err(Failure::Unauthorized);
        }
        let of = |asked: &CertId| match self.status_under(&authority.parsed.subject, &asked.serial)? {
            Status::Unknown if snapshot.has_certified(authority, &asked.serial) => Ok(Status::Good),
            known => Ok(known),
        };
        let statuses: Result<Vec<Status>, CaError> = request.asked.iter().map(of).collect();
        let statuses = statuses.map_err(|_| Failure::Internal)?;
        let data = yasna::try_construct_der(|writer| response_data(writer, authority, request, &statuses, now));
        let signed = data.and_then(|data| sign(authority, &data).map_err(|_| Failure::Internal));
        signed.inspect_err(|_| tracing::warn!(authority = authority.id, "an OCSP answer could not be signed"))
    }
}

/// OCSPRequest, 4.1.1; signed requests are read like others.
fn read(reader: BERReader) -> ASN1Result<Request> {
    reader.read_sequence(|reader| {
        let request = reader.next().read_sequence(|reader| {
            reader.read_optional(|reader| reader.read_tagged(Tag::context(0), |reader| reader.read_u8()))?;
            reader.read_optional(|reader| reader.read_tagged(Tag::context(1), |reader| reader.read_der()))?;
            let mut asked = Vec::new();
            reader.next().read_sequence_of(|reader| {
                asked.push(reader.read_sequence(|reader| {
                    let id = cert_id(reader.next())?;
                    reader.read_optional(|reader| reader.read_tagged(Tag::context(0), |reader| reader.read_der()))?;
                    Ok(id)
                })?);
                Ok(())
            })?;
            let nonce = reader.read_optional(|reader| reader.read_tagged(Tag::context(2), nonce))?.flatten();
            Ok(Request { asked, nonce })
        })?;
        reader.read_optional(|reader| reader.read_tagged(Tag::context(0), |reader| reader.read_der()))?;
        Ok(request)
    })
}

fn cert_id(reader: BERReader) -> ASN1Result<CertId> {
    let der = reader.read_der()?;
    let (hash, name, key, serial) = yasna::parse_der(&der, |reader| {
        reader.read_sequence(|reader| {
            let hash = reader.next().read_sequence(|reader| {
                let oid = reader.next().read_oid()?;
                reader.read_optional(|reader| reader.read_der())?;
                Ok(oid)
            })?;
            let (name, key) = (reader.next().read_bytes()?, reader.next().read_bytes()?);
            let (serial, positive) = reader.next().read_bigint_bytes()?;
            Ok((hash, name, key, if positive { serial } else { Vec::new() }))
        })
    })?;
    Ok(CertId { der, hash, name, key, serial })
}

fn nonce(reader: BERReader) -> ASN1Result<Option<Vec<u8>>> {
    let mut nonce = None;
    reader.read_sequence_of(|reader| {
        reader.read_sequence(|reader| {
            let oid = reader.next().read_oid()?;
            reader.read_optional(|reader| reader.read_bool())?;
            let value = reader.next().read_bytes()?;
            if oid.components() == OID_NONCE && value.len() <= LONGEST_NONCE + 2 {
                nonce = Some(value);
            }
            Ok(())
        })
    })?;
    Ok(nonce)
}

fn response_data(
    writer: DERWriter,
    authority: &Authority,
    request: &Request,
    statuses: &[Status],
    now: i64,
) -> Result<(), Failure> {
    writer.write_sequence(|writer| {
        // byName: the CA itself answers.
        writer.next().write_tagged(Tag::context(1), |writer| writer.write_der(&authority.parsed.subject));
        writer.next().write_generalized_time(&time(now)?);
        writer.next().write_sequence(|writer| {
            for (asked, status) in request.asked.iter().zip(statuses) {
                writer.next().write_sequence(|writer| {
                    writer.next().write_der(&asked.der);
                    write_status(writer.next(), *status)?;
                    // A client whose clock is late must not take the answer for one of the future.
                    writer.next().write_generalized_time(&time(now - HOUR)?);
                    let next = time(now + HOUR)?;
                    writer.next().write_tagged(Tag::context(0), |writer| writer.write_generalized_time(&next));
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        if let Some(nonce) = &request.nonce {
            writer.next().write_tagged(Tag::context(1), |writer| {
                writer.write_sequence(|writer| {
                    writer.next().write_sequence(|writer| {
                        writer.next().write_oid(&ObjectIdentifier::from_slice(OID_NONCE));
                        writer.next().write_bytes(nonce);
                    });
                });
            });
        }
        Ok(())
    })
}

fn write_status(writer: DERWriter, status: Status) -> Result<(), Failure> {
    match status {
        Status::Good => writer.write_tagged_implicit(Tag::context(0), |writer| writer.write_null()),
        Status::Unknown => writer.write_tagged_implicit(Tag::context(2), |writer| writer.write_null()),
        Status::Revoked { at, reason } => {
            let at = time(at)?;
            writer.write_tagged_implicit(Tag::context(1), |writer| {
                writer.write_sequence(|writer| {
                    writer.next().write_generalized_time(&at);
                    if reason != Reason::Unspecified {
                        let code = reason.code() as i64;
                        writer.next().write_tagged(Tag::context(0), |writer| writer.write_enum(code));
                    }
                });
            });
        }
    }
    Ok(())
}

fn time(millis: i64) -> Result<GeneralizedTime, Failure> {
    Ok(GeneralizedTime::from_datetime(super::authority::at(millis)))
}

/// OCSPResponse with a BasicOCSPResponse in it, 4.2.1.
fn sign(authority: &Authority, data: &[u8]) -> Result<Vec<u8>, CaError> {
    let issuer = authority.issuer().ok_or(CaError::damaged("CA"))?;
    let signature = issuer.key().sign(data)?;
    let algorithm = super::key::signature_algorithm(issuer.key());
    let basic = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_der(data);
            writer.next().write_der(&algorithm);
            writer.next().write_bitvec_bytes(&signature, signature.len() * 8);
        });
    });
    Ok(yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_enum(0);
            writer.next().write_tagged(Tag::context(0), |writer| {
                writer.write_sequence(|writer| {
                    writer.next().write_oid(&ObjectIdentifier::from_slice(OID_BASIC));
                    writer.next().write_bytes(&basic);
                });
            });
        });
    }))
}
