//! Certificate revocation lists (RFC 5280, 5): signed and numbered, made at every revocation and once a day, kept ready
//! to be served.

use super::authority::Authority;
use super::{Ca, CaError, store};
use bytes::Bytes;
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use std::sync::Arc;

const HOUR: i64 = 3_600_000;
/// A client whose clock is late must not take the list for one of the future.
const BACKDATE: i64 = HOUR;
const HOLDS: i64 = 7 * 24 * HOUR;

impl Ca {
    /// Makes the list of every authority anew. When this returns, phones get the new ones.
    pub async fn publish_lists(&self, now: i64) -> Result<(), CaError> {
        let _one_at_a_time = self.0.publishing.lock().await;
        let snapshot = self.snapshot();
        let mut lists = Vec::new();
        for authority in snapshot.issuers().filter(|known| known.issuer().is_some() && known.parsed.may_sign_lists) {
            let id = authority.id;
            // Seconds are a number too: one that goes on after an older backup was put back.
            let number = self.0.db.write(move |tx| store::next_list_number(tx, id, now / 1_000).map_err(CaError::from));
            let (number, authority, revoked) = (number.await?, authority.clone(), snapshot.revoked.clone());
            let entries = move || {
                let of_it = revoked.iter().filter(|(_, revocation)| revocation.authority == authority.id);
                let entries = of_it.map(|(serial, revocation)| RevokedCertParams {
                    serial_number: serial.der(),
                    revocation_time: super::authority::at(revocation.at),
                    reason_code: Some(revocation.reason.code()),
                    invalidity_date: None,
                });
                list(&authority, entries.collect(), number, now)
            };
            let made = tokio::task::spawn_blocking(entries).await;
            lists.push((id, made.map_err(|_| crate::db::Error::Stopped)??));
        }
        self.0.lists.store(Arc::new(lists));
        self.publish_files();
        Ok(())
    }
}

fn list(authority: &Authority, revoked: Vec<RevokedCertParams>, number: i64, now: i64) -> Result<Bytes, CaError> {
    let issuer = authority.issuer().ok_or(CaError::damaged("CA"))?;
    let number = number.to_be_bytes();
    let zeros = number.iter().take_while(|byte| **byte == 0).count().min(7);
    let params = CertificateRevocationListParams {
        this_update: super::authority::at(now - BACKDATE),
        next_update: super::authority::at(now + HOLDS),
        crl_number: SerialNumber::from_slice(number.get(zeros..).unwrap_or(&[1])),
        issuing_distribution_point: None,
        revoked_certs: revoked,
        key_identifier_method: match &authority.parsed.key_id {
            Some(id) => KeyIdMethod::PreSpecified(id.clone()),
            None => KeyIdMethod::Sha256,
        },
    };
    Ok(Bytes::copy_from_slice(params.signed_by(issuer)?.der()))
}
