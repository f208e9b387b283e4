//! CAs: a root that can be taken offline, and the CA below it that signs (RFC 5280, 4.2.1.9).
//!
//! A box of schema 1 has one CA that is both. Its path length is 0, and what phones hold of it says so: nothing can be
//! put below it. It stays in force as it is, until the roll-over to a root of today's kind.

use super::cert_profile::{self, CertProfile};
use super::parsed::{Parsed, parse};
use super::serial::Serial;
use super::store::{self, AuthorityRow};
use super::{CaError, Options, crl};
use crate::db::Db;
use crate::seal::{self, Keyring};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData, RsaKeySize, SubjectPublicKeyInfo,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// Every CA and server certificate made here is valid from 1970-01-01, CAs to the end of 2037; see the module's text.
pub const FIRST_DAY: i64 = 0;

pub fn validity_of_a_ca(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(1970, 1, 1);
    params.not_after = rcgen::date_time_ymd(2037, 12, 31);
}

/// Milliseconds since the Unix epoch as a certificate's time.
pub fn at(millis: i64) -> time::OffsetDateTime {
    rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(u64::try_from(millis / 1_000).unwrap_or(0))
}

/// The time of a certificate, from milliseconds.
pub fn validity(params: &mut CertificateParams, not_before: i64, not_after: i64) {
    (params.not_before, params.not_after) = (at(not_before), at(not_after));
}

/// The keys a CA can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyKind {
    #[default]
    Rsa2048,
    Rsa3072,
    Rsa4096,
    EcdsaP256,
}

impl KeyKind {
    pub const ALL: [(&'static str, KeyKind); 4] = [
        ("rsa-2048", KeyKind::Rsa2048),
        ("rsa-3072", KeyKind::Rsa3072),
        ("rsa-4096", KeyKind::Rsa4096),
        ("ecdsa-p256", KeyKind::EcdsaP256),
    ];

    pub fn of_word(word: &str) -> Option<KeyKind> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
    }

    pub fn make(self) -> Result<KeyPair, CaError> {
        let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
        Ok(match self {
            KeyKind::Rsa2048 => rsa(RsaKeySize::_2048)?,
            KeyKind::Rsa3072 => rsa(RsaKeySize::_3072)?,
            KeyKind::Rsa4096 => rsa(RsaKeySize::_4096)?,
            KeyKind::EcdsaP256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?,
        })
    }
}

/// Where a CA stands in a roll-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Given to phones, not used yet.
    Next,
    Current,
    /// Replaced. What it signed is still answered for.
    Old,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::Next => "next",
            State::Current => "current",
            State::Old => "old",
        }
    }

    pub fn of_word(word: &str) -> State {
        match word {
            "next" => State::Next,
            "current" => State::Current,
            _ => State::Old,
        }
    }
}

pub struct Authority {
    pub id: i64,
    /// `None`: a root.
    pub parent: Option<i64>,
    /// It signs for devices and servers.
    pub issues: bool,
    pub state: State,
    pub origin: String,
    pub created_at: i64,
    /// A root's: its key, certified by the root before it.
    pub crossed: Option<Vec<u8>>,
    pub parsed: Parsed,
    der: CertificateDer<'static>,
    issuer: Option<Issuer<'static, KeyPair>>,
}

impl Authority {
    /// From its stored certificate and its opened key.
    pub fn open(row: AuthorityRow, key: Option<&[u8]>) -> Result<Authority, CaError> {
        let fail = |reason: &str| CaError::Stored { what: "CA", reason: reason.to_owned() };
        let parsed = parse(&row.certificate).ok_or_else(|| fail("its certificate is damaged"))?;
        let der = CertificateDer::from(row.certificate);
        let issuer = key.map(|key| issuer(&der, &parsed, key)).transpose().map_err(|reason| fail(&reason))?;
        let AuthorityRow { id, parent_id: parent, issues, state, origin, created_at, crossed, .. } = row;
        Ok(Authority { id, parent, issues, state, origin, created_at, crossed, parsed, der, issuer })
    }

    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub fn fingerprint(&self) -> String {
        super::fingerprint(&self.der)
    }

    /// `None`: its key is not in this box.
    pub fn issuer(&self) -> Option<&Issuer<'static, KeyPair>> {
        self.issuer.as_ref()
    }

    pub fn pem(&self) -> String {
        super::pem::certificate(&self.der)
    }
}

/// What signs below a certificate, when the key is the certificate's and the name can be written as it stands there.
pub fn issuer(der: &CertificateDer<'_>, parsed: &Parsed, key: &[u8]) -> Result<Issuer<'static, KeyPair>, String> {
    let public = SubjectPublicKeyInfo::from_der(&parsed.spki).map_err(|_| "its kind of key is not known")?;
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(key), public.algorithm())
        .map_err(|_| "its key is damaged")?;
    if key.der_bytes() != public.der_bytes() {
        return Err("its key does not belong to its certificate".into());
    }
    Issuer::from_ca_cert_der(der, key).map_err(|error| error.to_string())
}

/// A new CA: certificate and key (PKCS#8).
pub struct Made {
    pub der: CertificateDer<'static>,
    pub key: KeyPair,
    pub params: CertificateParams,
}

/// The id of a box's first root.
const FIRST: i64 = 1;

/// An issuing CA, and room above it for the next root of a roll-over.
const BELOW_A_ROOT: u8 = 2;

/// A new root's key, certified by the root in force: a phone that never fetched the new one verifies what stands below it
/// all the same. `None`: the old one's key is not here, or it allows no CA that far below it.
pub fn cross(new: &Made, old: &Authority, options: &Options) -> Result<Option<Vec<u8>>, CaError> {
    let has_room = old.parsed.path_length.is_none_or(|most| most >= u32::from(BELOW_A_ROOT));
    let Some(issuer) = old.issuer().filter(|_| has_room) else { return Ok(None) };
    let mut params = new.params.clone();
    params.serial_number = Some(Serial::random()?.der());
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(BELOW_A_ROOT - 1));
    params.use_authority_key_identifier_extension = true;
    params.crl_distribution_points = crl::addresses(options, old.id);
    validity(&mut params, FIRST_DAY, old.parsed.not_after);
    Ok(Some(params.signed_by(&new.key, issuer)?.der().to_vec()))
}

/// A root and the CA below it. Two boxes' CAs differ in name too: a phone may trust both. `id`: the root's, to be.
pub fn make_pair(options: &Options, id: i64) -> Result<(Made, Made), CaError> {
    if !options.permitted.is_empty() {
        tracing::warn!(permitted = ?options.permitted, "the new CA is limited to names and networks: not every phone obeys, and some refuse such a CA");
    }
    let mark = seal::hex(&seal::random::<4>()?);
    let key = options.key.make()?;
    let params = ca_params(&format!("Phonebox Root CA {mark}"), BELOW_A_ROOT, options)?;
    let root = Made { der: params.self_signed(&key)?.der().clone(), key, params };
    let key = options.key.make()?;
    let mut params = ca_params(&format!("Phonebox Issuing CA {mark}"), 0, options)?;
    params.use_authority_key_identifier_extension = true;
    // Not where to ask by OCSP: with the root's key out of the box nobody answers there.
    params.crl_distribution_points = crl::addresses(options, id);
    let issuer = Issuer::from_params(&root.params, &root.key);
    let issuing = Made { der: params.signed_by(&key, &issuer)?.der().clone(), key, params };
    Ok((root, issuing))
}

pub fn ca_params(name: &str, below: u8, options: &Options) -> Result<CertificateParams, CaError> {
    let mut params = CertificateParams::default();
    validity_of_a_ca(&mut params);
    params.serial_number = Some(Serial::random()?.der());
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.custom_extensions.extend(name_constraints(&options.permitted));
    Ok(params)
}

/// RFC 5280, 4.2.1.10. Not critical: a phone that does not know the extension must not refuse the whole chain.
fn name_constraints(permitted: &[super::Permitted]) -> Option<CustomExtension> {
    const OID: [u64; 4] = [2, 5, 29, 30];
    if permitted.is_empty() {
        return None;
    }
    let content = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_tagged_implicit(yasna::Tag::context(0), |writer| {
                writer.write_sequence(|writer| {
                    for name in permitted {
                        let (tag, bytes) = name.general_name();
                        writer.next().write_sequence(|writer| {
                            let tag = yasna::Tag::context(tag);
                            writer.next().write_tagged_implicit(tag, |writer| writer.write_bytes(&bytes));
                        });
                    }
                });
            });
        });
    });
    Some(CustomExtension::from_oid_content(&OID, content))
}

/// At the first start a root and an issuing CA are made; the CA of schema 1 is taken over as it is.
pub async fn make_or_adopt(db: &Db, keys: &Keyring, options: &Options, now: i64) -> Result<(), CaError> {
    let (known, stored, profile) = db.read(|conn| {
        let profile = store::profile_by_name(conn, cert_profile::DEVICE)?;
        Ok::<_, CaError>((!store::authorities(conn)?.is_empty(), store::load(conn)?, profile))
    })?;
    if known && profile.is_some() {
        return Ok(());
    }
    let mut rows = Vec::new();
    if !known {
        rows = match (stored.get(store::CA), stored.get(store::CA_KEY)) {
            (Some(pem), Some(key)) => vec![adopt(pem, &super::opened(keys, store::CA_KEY, key)?, keys, now)?],
            (None, None) => {
                let (root, issuing) = make_pair(options, FIRST)?;
                new_pair(&root, &issuing, FIRST, State::Current, keys, now)?.into()
            }
            _ => {
                return Err(CaError::Stored { what: "CA", reason: "its certificate or its key is missing".into() });
            }
        };
    }
    db.write(move |tx| {
        for row in &rows {
            store::insert_authority(tx, row)?;
        }
        for old in [store::CA, store::CA_KEY].iter().filter(|_| !rows.is_empty()) {
            store::forget(tx, old)?;
        }
        if profile.is_none() {
            let id = tx.next_id("certificate_profile")?;
            store::put_profile(tx, &CertProfile::device(id, now))?;
        }
        Ok(())
    })
    .await
}

fn adopt(pem: &[u8], key: &[u8], keys: &Keyring, now: i64) -> Result<AuthorityRow, CaError> {
    let fail = |reason: String| CaError::Stored { what: "CA", reason };
    let certificate = super::pem::certificates(pem).and_then(|found| found.into_iter().next());
    let certificate = certificate.ok_or_else(|| fail("its certificate is not PEM".into()))?;
    let parsed = parse(&certificate).ok_or_else(|| fail("its certificate is damaged".into()))?;
    issuer(&certificate.as_slice().into(), &parsed, key).map_err(fail)?;
    Ok(AuthorityRow {
        id: 1,
        parent_id: None,
        issues: true,
        state: State::Current,
        origin: "made".into(),
        certificate,
        key_sealed: Some(keys.seal(&store::authority_key_place(1), key)?),
        created_at: now,
        crossed: None,
    })
}

/// The rows of a root and the CA below it; their ids are `first` and the next.
pub fn new_pair(
    root: &Made,
    issuing: &Made,
    first: i64,
    state: State,
    keys: &Keyring,
    now: i64,
) -> Result<[AuthorityRow; 2], CaError> {
    let row = |made: &Made, id: i64, parent_id: Option<i64>| {
        let key_sealed = Some(keys.seal(&store::authority_key_place(id), made.key.serialized_der())?);
        let (origin, certificate) = ("made".to_owned(), made.der.to_vec());
        let issues = parent_id.is_some();
        Ok::<_, CaError>(AuthorityRow {
            id,
            parent_id,
            issues,
            state,
            origin,
            certificate,
            key_sealed,
            created_at: now,
            crossed: None,
        })
    };
    Ok([row(root, first, None)?, row(issuing, first + 1, Some(first))?])
}
