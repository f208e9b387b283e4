//! Certificate revocation lists (RFC 5280, 5): signed and numbered, made at every revocation and once a day, kept ready
//! to be served. Every CA whose key is here has one, roots too. A root whose key leaves leaves its last list behind.

use super::authority::Authority;
use super::revoke::Revocation;
use super::serial::Serial;
use super::{Ca, CaError, Options, store};
use crate::db::Tx;
use bytes::Bytes;
use rcgen::{CertificateRevocationListParams, CrlDistributionPoint, KeyIdMethod, RevokedCertParams, SerialNumber};
use std::collections::HashMap;
use std::sync::Arc;

const HOUR: i64 = 3_600_000;
/// A client whose clock is late must not take the list for one of the future.
const BACKDATE: i64 = HOUR;
const HOLDS: i64 = 7 * 24 * HOUR;

/// Under which name phones fetch an authority's list.
pub fn name(authority: i64) -> String {
    format!("phonebox-ca-{authority}.crl")
}

/// Where that is, when the box has a name that will not change.
pub fn addresses(options: &Options, authority: i64) -> Vec<CrlDistributionPoint> {
    let uris = |address: &String| vec![format!("{address}/{}", name(authority))];
    options.address.iter().map(|address| CrlDistributionPoint { uris: uris(address) }).collect()
}

impl Ca {
    /// Makes the list of every authority anew. When this returns, phones get the new ones.
    pub async fn publish_lists(&self, now: i64) -> Result<(), CaError> {
        let _one_at_a_time = self.0.publishing.lock().await;
        let snapshot = self.snapshot();
        let mut lists = Vec::new();
        for authority in snapshot.authorities.iter().filter(|known| known.parsed.may_sign_lists) {
            let id = authority.id;
            let number = match authority.issuer() {
                Some(_) => self.0.db.write(move |tx| number(tx, id, now)).await?,
                None => None,
            };
            // The key left the box, perhaps this moment.
            let Some(number) = number else {
                let kept = self.0.db.read(|conn| store::kept_list(conn, id).map_err(CaError::from))?;
                lists.extend(kept.map(|list| (id, Bytes::from(list))));
                continue;
            };
            let (authority, revoked) = (authority.clone(), snapshot.revoked.clone());
            let made = tokio::task::spawn_blocking(move || list(&authority, &revoked, number, now, now + HOLDS)).await;
            lists.push((id, made.map_err(|_| crate::db::Error::Stopped)??));
        }
        self.0.lists.store(Arc::new(lists));
        self.publish_files();
        Ok(())
    }
}

/// Seconds are a number too: one that goes on after an older backup was put back.
fn number(tx: &Tx, authority: i64, now: i64) -> Result<Option<i64>, CaError> {
    store::next_list_number(tx, authority, now / 1_000).map_err(CaError::from)
}

/// The list that stays when a root's key leaves. It holds to the root's end: nothing is revoked without the key, and with
/// the key back there is a newer one.
pub fn keep(tx: &Tx, root: &Authority, revoked: &HashMap<Serial, Revocation>, now: i64) -> Result<(), CaError> {
    let Some(number) = number(tx, root.id, now)? else { return Ok(()) };
    let list = list(root, revoked, number, now, root.parsed.not_after)?;
    Ok(store::keep_list(tx, root.id, &list)?)
}

fn list(
    authority: &Authority,
    revoked: &HashMap<Serial, Revocation>,
    number: i64,
    now: i64,
    until: i64,
) -> Result<Bytes, CaError> {
    let issuer = authority.issuer().ok_or(CaError::damaged("CA"))?;
    let of_it = revoked.iter().filter(|(_, revocation)| revocation.authority == authority.id);
    let entries = of_it.map(|(serial, revocation)| RevokedCertParams {
        serial_number: serial.der(),
        revocation_time: super::authority::at(revocation.at),
        reason_code: Some(revocation.reason.code()),
        invalidity_date: None,
    });
    let number = number.to_be_bytes();
    let zeros = number.iter().take_while(|byte| **byte == 0).count().min(7);
    let params = CertificateRevocationListParams {
        this_update: super::authority::at(now - BACKDATE),
        next_update: super::authority::at(until),
        crl_number: SerialNumber::from_slice(number.get(zeros..).unwrap_or(&[1])),
        issuing_distribution_point: None,
        revoked_certs: entries.collect(),
        key_identifier_method: match &authority.parsed.key_id {
            Some(id) => KeyIdMethod::PreSpecified(id.clone()),
            None => KeyIdMethod::Sha256,
        },
    };
    Ok(Bytes::copy_from_slice(params.signed_by(issuer)?.der()))
}
