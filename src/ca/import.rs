//! A site's own CA: brought with its key, or signed elsewhere for a key made here. It comes in as the next root of a
//! roll-over, so that phones can be given its root first.

use super::authority::{State, at, ca_params, issuer};
use super::parsed::{Parsed, parse};
use super::store::{self, AuthorityRow, Rows};
use super::{Ca, CaError, opened, pem, pkcs8, sealed};
use crate::audit;
use crate::db::BOX_ACCOUNT;
use crate::settings::Secret;
use rcgen::KeyPair;
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

/// The name in a request, for people, and its key.
type Requested = (String, Zeroizing<Vec<u8>>);

impl Ca {
    /// A request for a CA certificate, to be signed elsewhere. The key stays here, sealed, until what was signed for it is
    /// in force. Refused while another request's does, unless that one shall be worth nothing.
    pub async fn request(&self, name: &str, force: bool, by: &str, now: i64) -> Result<String, CaError> {
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            return Err(CaError::rule("The name must have 1 to 64 characters.", "Example: Example Ltd Phones CA"));
        }
        let _one_at_a_time = self.0.change.lock().await;
        let before = self.requested()?;
        if let Some((before, _)) = &before
            && !force
        {
            return Err(CaError::rule(
                format!("The request for {before} waits for its certificate: another one would throw away its key."),
                "Import what was signed for it: phonebox ca import. Or make another all the same: phonebox ca csr --force",
            ));
        }
        let key = self.0.options.key.make()?;
        let mut params = ca_params(name, 0, &self.0.options)?;
        // What whoever signs it decides.
        params.serial_number = None;
        params.custom_extensions.clear();
        let csr = params.serialize_request(&key)?.pem()?;
        let row = sealed(&self.0.keys, store::REQUEST_KEY, key.serialized_der())?;
        let (by, object) = (by.to_owned(), name.to_owned());
        let detail = before.map(|(before, _)| format!("forced; the key of the request for {before} is thrown away"));
        let write = self.0.db.write(move |tx| {
            let name = object.clone().into_bytes();
            store::save(tx, &Rows::from([(store::REQUEST_KEY, row), (store::REQUEST_NAME, name)]))?;
            audit::store::note(tx, BOX_ACCOUNT, &by, "ca.request", object, detail, now).map_err(CaError::from)
        });
        write.await?;
        Ok(csr)
    }

    /// The last request, as long as it waits.
    pub(super) fn requested(&self) -> Result<Option<Requested>, CaError> {
        let stored = self.0.db.read(|conn| store::load(conn).map_err(CaError::from))?;
        let Some(row) = stored.get(store::REQUEST_KEY) else { return Ok(None) };
        let name = match stored.get(store::REQUEST_NAME) {
            Some(name) => format!("{:?}", String::from_utf8_lossy(name)),
            None => "a CA".to_owned(),
        };
        Ok(Some((name, opened(&self.0.keys, store::REQUEST_KEY, row)?)))
    }

    /// Takes a CA as the next one: its certificate, what stands above it up to the root, and its key; without a key
    /// the one of [`Ca::request`].
    pub async fn import(
        &self,
        certificates: &str,
        key: Option<(&Secret, Option<&Secret>)>,
        by: &str,
        now: i64,
    ) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        self.refuse_second_next()?;
        let wrong = |message: String| CaError::rule(message, "Correct the files and send them again.");
        let chain = pem::certificates(certificates.as_bytes())
            .ok_or_else(|| wrong("There is no certificate in it, or one that is not well formed.".into()))?;
        let chain = ordered(chain, now).map_err(wrong)?;
        let (first, _) = chain.first().ok_or(CaError::damaged("CA"))?;
        let key = match key {
            Some((text, passphrase)) => pkcs8::open_pem(text, passphrase).map_err(wrong)?,
            None => {
                let (name, key) = self.requested()?.ok_or_else(|| {
                    CaError::rule("No key was given, and none was made here.", "Send the key, or ask: phonebox ca csr")
                })?;
                if !is_key_of(&key, first) {
                    return Err(CaError::rule(
                        format!(
                            "The certificate is for another key than the request for {name}, the last that was made \
                             here: a later `ca csr` replaced the key that it was signed for, or it is not this box's."
                        ),
                        "Have the last request signed, or make one anew: phonebox ca csr --force",
                    ));
                }
                key
            }
        };
        let key = usable(first, &key).map_err(wrong)?;
        let known = self.snapshot();
        if known.authorities.iter().any(|known| **known.der() == *first.as_slice()) {
            return Err(wrong("This CA is here already.".into()));
        }
        let (keys, by, object) = (self.0.keys.clone(), by.to_owned(), super::fingerprint(first));
        let write = self.0.db.write(move |tx| {
            let mut parent_id = None;
            let last = chain.len();
            for (place, (certificate, _)) in chain.into_iter().enumerate().rev() {
                // A root may be here already, with another CA below it.
                if let Some(known) = store::bring_back(tx, &certificate)? {
                    parent_id = Some(known);
                    continue;
                }
                let issues = place == 0;
                let (id, origin) = (tx.next_id("authority")?, "imported".to_owned());
                let place = store::authority_key_place(id);
                let key_sealed = issues.then(|| keys.seal(&place, &key)).transpose()?;
                let state = State::Next;
                let row = AuthorityRow {
                    id,
                    parent_id,
                    issues,
                    state,
                    origin,
                    certificate,
                    key_sealed,
                    created_at: now,
                    crossed: None,
                };
                store::insert_authority(tx, &row)?;
                parent_id = Some(id);
            }
            let detail = Some(format!("{last} certificates"));
            audit::store::note(tx, BOX_ACCOUNT, &by, "ca.import", object, detail, now).map_err(CaError::from)
        });
        write.await?;
        self.reload(now).await
    }
}

/// Whether this key (PKCS#8) is the one in a certificate.
pub(super) fn is_key_of(key: &[u8], certificate: &[u8]) -> bool {
    let of = |parsed: Parsed| {
        let algorithm = rcgen::SubjectPublicKeyInfo::from_der(&parsed.spki).ok()?;
        let algorithm = rcgen::PublicKeyData::algorithm(&algorithm);
        let key = rustls_pki_types::PrivateKeyDer::try_from(key).ok()?;
        let pair = KeyPair::from_der_and_sign_algo(&key, algorithm).ok()?;
        Some(*rcgen::PublicKeyData::der_bytes(&pair) == *parsed.key)
    };
    parse(certificate).and_then(of).unwrap_or(false)
}

/// From the CA up to its root, each signed by the next.
fn ordered(chain: Vec<Vec<u8>>, now: i64) -> Result<Vec<(Vec<u8>, Parsed)>, String> {
    let mut out: Vec<(Vec<u8>, Parsed)> = Vec::new();
    for (below, der) in chain.into_iter().enumerate() {
        let parsed = parse(&der).ok_or("A certificate cannot be read.")?;
        let name = &parsed.subject_text;
        if !parsed.is_ca || !parsed.may_sign || !parsed.may_sign_lists {
            return Err(format!("{name:?} is no CA that may sign certificates and revocation lists."));
        }
        if parsed.path_length.is_some_and(|most| (most as usize) < below) {
            return Err(format!("{name:?} allows no CA below it that far."));
        }
        if now < parsed.not_before || parsed.not_after <= now {
            return Err(format!("{name:?} does not hold at this time."));
        }
        if let Some((signed, before)) = out.last() {
            let verified = x509_parser::parse_x509_certificate(signed)
                .is_ok_and(|(_, signed)| super::key::is_signed_by(&signed, &parsed));
            if before.issuer != parsed.subject || !verified {
                return Err(format!(
                    "{:?} is not signed by {name:?}: the order is the CA first, its root last.",
                    before.subject_text
                ));
            }
        }
        out.push((der, parsed));
    }
    match out.last() {
        Some((_, root)) if root.issuer == root.subject => Ok(out),
        _ => Err("The root is missing: phones need what stands on top.".into()),
    }
}

/// The key as PKCS#8, when everything that is signed with it will be right.
fn usable(certificate: &[u8], key: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    let parsed = parse(certificate).ok_or("The certificate cannot be read.")?;
    let public =
        rcgen::SubjectPublicKeyInfo::from_der(&parsed.spki).map_err(|_| "The key must be RSA, P-256 or P-384.")?;
    let algorithm = rcgen::PublicKeyData::algorithm(&public);
    let fits = [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384];
    if !fits.contains(&algorithm) {
        return Err("The key must be RSA, P-256 or P-384.".into());
    }
    let long = rcgen::PublicKeyData::der_bytes(&public).len() >= 256 + 9;
    if algorithm == &rcgen::PKCS_RSA_SHA256 && !long {
        return Err("The RSA key is too short: 2048 bits are the least.".into());
    }
    let key =
        rustls_pki_types::PrivateKeyDer::try_from(key).map_err(|reason| format!("The key is not right: {reason}."))?;
    let pair =
        KeyPair::from_der_and_sign_algo(&key, algorithm).map_err(|_| "The key does not belong to the certificate.")?;
    let key = Zeroizing::new(pair.serialize_der());
    let der = CertificateDer::from(certificate);
    let issuer = issuer(&der, &parsed, &key).map_err(|reason| format!("The key is not right: {reason}."))?;
    // What is signed must name its issuer byte by byte as the CA names itself.
    let probe = KeyPair::generate().map_err(|error| error.to_string())?;
    let mut params = rcgen::CertificateParams::default();
    (params.not_before, params.not_after) = (at(0), at(1_000));
    let signed = params.signed_by(&probe, &issuer).map_err(|error| format!("The CA cannot be used: {error}."))?;
    match parse(signed.der()).is_some_and(|signed| signed.issuer == parsed.subject) {
        true => Ok(key),
        false => {
            Err("The CA's name is written in a way this box cannot repeat. Have a CA signed: phonebox ca csr".into())
        }
    }
}
