//! A server certificate that an administrator brings. It is shown instead of the box's own; where it has ended, the
//! box's own is shown again, so that phones are served in any case.

use super::parsed::{Parsed, parse};
use super::store::{self, Rows};
use super::{Ca, CaError, key, opened, pem, pkcs8, sealed, tls};
use crate::audit;
use crate::db::BOX_ACCOUNT;
use crate::settings::Secret;
use rustls::sign::CertifiedKey;
use std::sync::Arc;

pub struct Installed {
    pub shown: Arc<CertifiedKey>,
    pub is_rsa: bool,
}

struct Stored {
    text: Vec<u8>,
    key_sealed: Vec<u8>,
}

impl Ca {
    /// Installs a certificate, what stands above it, and its key. Answers what is to be known about it: names and
    /// addresses of the box that it does not cover.
    pub async fn install_server(
        &self,
        certificates: &str,
        key: &Secret,
        passphrase: Option<&Secret>,
        by: &str,
        now: i64,
    ) -> Result<Vec<String>, CaError> {
        let wrong = |message: String| CaError::rule(message, "Correct the files and send them again.");
        let chain = pem::certificates(certificates.as_bytes())
            .ok_or_else(|| wrong("There is no certificate in it, or one that is not well formed.".into()))?;
        let key = pkcs8::open_pem(key, passphrase).map_err(wrong)?;
        let leaf = checked(&chain, now).map_err(wrong)?;
        tls::certified(chain.clone(), &key).map_err(|_| wrong("The key does not belong to the certificate.".into()))?;
        let subject = self.0.subject.load_full();
        let ends = leaf.not_after;
        let uncovered = subject.and_then(|subject| chain.first().and_then(|leaf| subject.uncovered(leaf)));
        let _one_at_a_time = self.0.change.lock().await;
        let text: String = chain.iter().map(|der| pem::certificate(der)).collect();
        let rows = Rows::from([
            (store::INSTALLED, text.into_bytes()),
            (store::INSTALLED_KEY, sealed(&self.0.keys, store::INSTALLED_KEY, &key)?),
        ]);
        let by = by.to_owned();
        let write = self.0.db.write(move |tx| {
            store::save(tx, &rows)?;
            let object = leaf.subject_text;
            audit::store::note(tx, BOX_ACCOUNT, &by, "ca.server-install", object, None, now).map_err(CaError::from)
        });
        write.await?;
        self.note_end(ends, now);
        self.show_server(now, true).await?;
        Ok(uncovered
            .map(|name| format!("It does not cover {name}: phones that dial that will refuse it."))
            .into_iter()
            .collect())
    }

    /// Takes the installed certificate away: the box's own is shown again.
    pub async fn remove_installed(&self, by: &str, now: i64) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        if self.installed_rows()?.is_none() {
            return Err(CaError::rule("No server certificate is installed.", "The box shows its own."));
        }
        let by = by.to_owned();
        let write = self.0.db.write(move |tx| {
            store::forget(tx, store::INSTALLED)?;
            store::forget(tx, store::INSTALLED_KEY)?;
            audit::store::note(tx, BOX_ACCOUNT, &by, "ca.server-remove", "server", None, now).map_err(CaError::from)
        });
        write.await?;
        self.note_end(now, now);
        self.show_server(now, true).await.map(drop)
    }

    fn installed_rows(&self) -> Result<Option<Stored>, CaError> {
        let mut stored = self.0.db.read(|conn| store::load(conn).map_err(CaError::from))?;
        let found = stored.remove(store::INSTALLED).zip(stored.remove(store::INSTALLED_KEY));
        Ok(found.map(|(text, key_sealed)| Stored { text, key_sealed }))
    }

    /// The installed certificate's facts, whether it holds or not.
    pub fn installed_facts(&self) -> Result<Option<(Parsed, String)>, CaError> {
        let Some(Stored { text, .. }) = self.installed_rows()? else { return Ok(None) };
        let leaf = pem::certificates(&text).and_then(|chain| chain.into_iter().next());
        Ok(leaf.and_then(|leaf| Some((parse(&leaf)?, super::fingerprint(&leaf)))))
    }

    /// What is installed and holds.
    pub(super) fn installed(&self, now: i64) -> Result<Option<Installed>, CaError> {
        let Some(Stored { text, key_sealed }) = self.installed_rows()? else { return Ok(None) };
        let damaged = || CaError::damaged("installed server certificate");
        let chain = pem::certificates(&text).ok_or_else(damaged)?;
        let parsed = chain.first().and_then(|leaf| parse(leaf)).ok_or_else(damaged)?;
        if parsed.not_after <= now {
            tracing::warn!("the installed server certificate has ended: the box shows its own");
            return Ok(None);
        }
        let key = opened(&self.0.keys, store::INSTALLED_KEY, &key_sealed)?;
        let public = rcgen::SubjectPublicKeyInfo::from_der(&parsed.spki).map_err(|_| damaged())?;
        let is_rsa = *rcgen::PublicKeyData::algorithm(&public) == rcgen::PKCS_RSA_SHA256;
        Ok(Some(Installed { shown: tls::certified(chain, &key)?, is_rsa }))
    }
}

/// The server's certificate first, then each by which the one before it is signed.
fn checked(chain: &[Vec<u8>], now: i64) -> Result<Parsed, String> {
    let all: Option<Vec<Parsed>> = chain.iter().map(|der| parse(der)).collect();
    let all = all.ok_or("A certificate cannot be read.")?;
    let is_signed = |der: &[u8], below: &Parsed, above: &Parsed| {
        below.issuer == above.subject
            && x509_parser::parse_x509_certificate(der).is_ok_and(|(_, der)| key::is_signed_by(&der, above))
    };
    for ((der, below), above) in chain.iter().zip(&all).zip(all.iter().skip(1)) {
        if !is_signed(der, below, above) {
            let (below, above) = (&below.subject_text, &above.subject_text);
            return Err(format!(
                "{below:?} is not signed by {above:?}: the order is the server first, then what signed it."
            ));
        }
    }
    let (first, leaf) = chain.iter().zip(all).next().ok_or("There is no certificate in it.")?;
    // `openssl req -x509` makes a server's certificate that signs itself, and a CA of it.
    if leaf.is_ca && !(leaf.names_server && is_signed(first, &leaf, &leaf)) {
        return Err(format!("{:?} is a CA, not a server.", leaf.subject_text));
    }
    if !leaf.may_serve {
        return Err(format!("{:?} is not for servers: its extended key usage lacks serverAuth.", leaf.subject_text));
    }
    if now < leaf.not_before || leaf.not_after <= now {
        return Err(format!("{:?} does not hold at this time.", leaf.subject_text));
    }
    Ok(leaf)
}
