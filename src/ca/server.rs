//! The certificates of the box itself: every name and address of it as DNS and IP alternative names, because some phones
//! want both whichever they dialled. Signed anew, with the same keys, when a name or an address is new or gone, when
//! another CA signs, when one is revoked, and when a third of their life is left.

use super::authority::{Authority, FIRST_DAY, validity};
use super::limits::Limits;
use super::parsed::parse;
use super::revoke::Status;
use super::serial::Serial;
use super::store::{self, NewCertificate, Rows};
use super::{Ca, CaError, opened, sealed, tls};
use crate::alarms;
use crate::db::BOX_ACCOUNT;
use crate::seal::sha256;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PublicKeyData, RsaKeySize,
    SanType,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use x509_parser::extensions::GeneralName;

/// More would make a handshake that no phone reads.
const MOST: usize = 100;
const DAY: i64 = 86_400_000;
/// How long a certificate of the box holds. It is made anew at two thirds of that: a box that was switched off for
/// nine months still shows one that holds.
const LIFE: i64 = 825 * DAY;

/// One of the box's own certificates: its rows in table `instance`, its kind of key.
pub struct Kind {
    pub row: &'static str,
    pub key_row: &'static str,
    /// Whose it is, in the table of certificates.
    pub holder: &'static str,
    algorithm: &'static rcgen::SignatureAlgorithm,
}

pub static RSA: Kind =
    Kind { row: store::RSA, key_row: store::RSA_KEY, holder: "server-rsa", algorithm: &rcgen::PKCS_RSA_SHA256 };
pub static ECDSA: Kind = Kind {
    row: store::ECDSA,
    key_row: store::ECDSA_KEY,
    holder: "server-ecdsa",
    algorithm: &rcgen::PKCS_ECDSA_P256_SHA256,
};
pub static SCEP: Kind =
    Kind { row: store::SCEP, key_row: store::SCEP_KEY, holder: "scep", algorithm: &rcgen::PKCS_RSA_SHA256 };

impl Kind {
    fn is_rsa(&self) -> bool {
        *self.algorithm == rcgen::PKCS_RSA_SHA256
    }

    fn make_key(&self) -> Result<KeyPair, CaError> {
        Ok(match self.is_rsa() {
            true => KeyPair::generate_rsa_for(self.algorithm, RsaKeySize::_2048)?,
            false => KeyPair::generate_for(self.algorithm)?,
        })
    }

    fn open_key(&self, key: &[u8]) -> Result<KeyPair, CaError> {
        KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(key), self.algorithm)
            .map_err(|_| CaError::damaged("server key"))
    }
}

/// A certificate of the box, what stands above it, and its key.
pub struct Own {
    pub chain: Vec<Vec<u8>>,
    pub key: KeyPair,
    made: Option<(Rows, NewCertificate)>,
}

pub struct Subject {
    names: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
    /// `None`: the CA's limits would refuse any.
    common_name: Option<String>,
    /// What is not here is gone, and no certificate may say it.
    is_all: bool,
}

impl Subject {
    pub fn new(names: &[String], addresses: &[IpAddr]) -> Subject {
        let common_name = match (names.first(), addresses.first()) {
            (Some(name), _) => name.clone(),
            (None, Some(address)) => address.to_string(),
            (None, None) => "phonebox".into(),
        };
        Subject {
            names: names.iter().take(MOST).map(|name| name.to_ascii_lowercase()).collect(),
            addresses: addresses.iter().take(MOST).copied().collect(),
            // RFC 5280, appendix A: ub-common-name.
            common_name: Some(common_name.chars().take(64).collect()),
            is_all: false,
        }
    }

    /// What a CA that is limited may say of it, and the names and addresses that it may not.
    fn within(&self, limits: &Limits) -> (Subject, Vec<String>) {
        let (names, no_names): (Vec<String>, Vec<String>) =
            self.names.iter().cloned().partition(|name| limits.allow_name(name));
        let (addresses, no_addresses): (Vec<IpAddr>, Vec<IpAddr>) =
            self.addresses.iter().partition(|address| limits.allow_address(**address));
        let left_out = no_names.into_iter().chain(no_addresses.iter().map(ToString::to_string)).collect();
        let keeps =
            |common: &String| names.contains(common) || addresses.iter().any(|address| address.to_string() == *common);
        let mut inside = Subject { is_all: self.is_all, ..Subject::new(&names, &addresses) };
        if self.common_name.as_ref().is_some_and(keeps) {
            inside.common_name.clone_from(&self.common_name);
        }
        // Where there is no DNS name a client takes the common name for one: OpenSSL when it has a dot, GnuTLS always.
        if names.is_empty() {
            inside.common_name.take_if(|common| !limits.allow_name(&common.to_ascii_lowercase()));
        }
        (inside, left_out)
    }

    /// The first name or address that a certificate does not cover.
    pub fn uncovered(&self, der: &[u8]) -> Option<String> {
        let nothing = || self.names.iter().next().cloned();
        let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else { return nothing() };
        let names = match certificate.subject_alternative_name() {
            Ok(Some(alternative)) => alternative.value.general_names.as_slice(),
            _ => &[],
        };
        let has_name = |wanted: &&String| {
            let covers = |dns: &str| {
                dns.eq_ignore_ascii_case(wanted)
                    || dns.strip_prefix('*').zip(wanted.find('.')).is_some_and(|(rest, dot)| {
                        wanted.get(dot..).is_some_and(|parent| parent.eq_ignore_ascii_case(rest))
                    })
            };
            names.iter().any(|name| matches!(name, GeneralName::DNSName(dns) if covers(dns)))
        };
        let has_address = |wanted: &&IpAddr| {
            let octets = match wanted {
                IpAddr::V4(v4) => v4.octets().to_vec(),
                IpAddr::V6(v6) => v6.octets().to_vec(),
            };
            names.iter().any(|name| matches!(name, GeneralName::IPAddress(ip) if *ip == octets))
        };
        let address = || self.addresses.iter().find(|wanted| !has_address(wanted)).map(IpAddr::to_string);
        self.names.iter().find(|wanted| !has_name(wanted)).cloned().or_else(address)
    }

    /// Whether a certificate of the box says a name or an address that is gone, or a common name where none may stand.
    fn is_exceeded_by(&self, der: &[u8]) -> bool {
        let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else { return true };
        if self.common_name.is_none() && certificate.subject().iter_common_name().next().is_some() {
            return true;
        }
        let Ok(Some(said)) = certificate.subject_alternative_name() else { return false };
        let is_here = |octets: &[u8]| {
            self.addresses.iter().any(|address| match address {
                IpAddr::V4(v4) => v4.octets() == octets,
                IpAddr::V6(v6) => v6.octets() == octets,
            })
        };
        let is_gone = |name: &GeneralName| match name {
            GeneralName::DNSName(dns) => !self.names.contains(&dns.to_ascii_lowercase()),
            GeneralName::IPAddress(octets) => !is_here(octets),
            _ => false,
        };
        self.is_all && said.value.general_names.iter().any(is_gone)
    }

    fn write(&self, params: &mut CertificateParams) -> Result<(), CaError> {
        match &self.common_name {
            Some(name) => params.distinguished_name.push(DnType::CommonName, name.as_str()),
            None => params.distinguished_name.push(DnType::OrganizationName, "Phonebox"),
        }
        for name in &self.names {
            params.subject_alt_names.push(SanType::DnsName(name.as_str().try_into()?));
        }
        params.subject_alt_names.extend(self.addresses.iter().map(|address| SanType::IpAddress(*address)));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        Ok(())
    }
}

impl Ca {
    /// Looks at the server's certificates and signs anew what must be. `is_all`: a name or an address that is not among
    /// these is gone for good. True: listeners show another one from now on.
    pub async fn renew_server(
        &self,
        names: &[String],
        addresses: &[IpAddr],
        is_all: bool,
        now: i64,
    ) -> Result<bool, CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        self.0.subject.store(Some(Arc::new(Subject { is_all, ..Subject::new(names, addresses) })));
        self.show_server(now, false).await
    }

    /// The same for the names and addresses there are; with the lock held. `anew`: something else has changed.
    pub(super) async fn show_server(&self, now: i64, anew: bool) -> Result<bool, CaError> {
        let Some(subject) = self.0.subject.load_full() else { return Ok(false) };
        let (subject, left_out) = subject.within(&self.limits());
        let rsa = self.own(&RSA, Some(&subject), now)?;
        let ecdsa = self.own(&ECDSA, Some(&subject), now)?;
        let shown = self.0.leafs.load().is_some();
        if shown && !anew && rsa.made.is_none() && ecdsa.made.is_none() {
            return Ok(false);
        }
        let (rsa, ecdsa) = (self.keep(rsa).await?, self.keep(ecdsa).await?);
        let certified = |own: &Own| tls::certified(own.chain.clone(), own.key.serialized_der());
        let mut leafs = tls::Leafs { rsa: certified(&rsa)?, ecdsa: certified(&ecdsa)? };
        if let Some(installed) = self.installed(now)? {
            // RSA is for everybody; those that cannot use another kind keep what the box makes.
            if installed.is_rsa {
                leafs.rsa = installed.shown.clone();
            }
            leafs.ecdsa = installed.shown;
        }
        self.0.leafs.store(Some(Arc::new(leafs)));
        // Last: an alarm that cannot be written keeps no certificate back.
        if let Err(error) = self.tell_left_out(&left_out, now).await {
            tracing::warn!(%error, "names that a certificate leaves out could not be told");
        }
        Ok(true)
    }

    async fn tell_left_out(&self, left_out: &[String], now: i64) -> Result<(), CaError> {
        const KIND: &str = "names-left-out";
        let text = format!(
            "The CA is limited to names and networks, so the server's certificate leaves out {}: phones that dial that refuse it",
            left_out.join(", ")
        );
        let none = left_out.is_empty();
        let write = self.0.db.write(move |tx| match none {
            true => alarms::store::close_kind(tx, KIND, "server", now).map_err(CaError::from),
            false => alarms::store::raise(tx, BOX_ACCOUNT, KIND, "server", &text, now).map(drop).map_err(CaError::from),
        });
        write.await
    }

    /// A certificate of the box as it is stored, or a new one that is still to be stored. `subject`: a server's.
    pub(super) fn own(&self, kind: &Kind, subject: Option<&Subject>, now: i64) -> Result<Own, CaError> {
        let stored = self.0.db.read(|conn| store::load(conn).map_err(CaError::from))?;
        let mut rows = Rows::new();
        let key = match stored.get(kind.key_row) {
            Some(key) => kind.open_key(&opened(&self.0.keys, kind.key_row, key)?)?,
            None => {
                let key = kind.make_key()?;
                rows.insert(kind.key_row, sealed(&self.0.keys, kind.key_row, key.serialized_der())?);
                key
            }
        };
        let snapshot = self.snapshot();
        // SCEP's clients take every certificate that they are sent for a CA of their own.
        let chain_of = |authority: &Arc<Authority>| match subject {
            Some(_) => snapshot.shown_chain(authority),
            None => snapshot.chain(authority),
        };
        let authority = snapshot.issuing();
        let der = stored.get(kind.row).filter(|der| {
            rows.is_empty()
                && parse(der).is_some_and(|leaf| {
                    let by_it = |authority: &Arc<Authority>| {
                        leaf.issuer == authority.parsed.subject
                            && (leaf.not_after - now > LIFE / 3 || leaf.not_after >= snapshot.times(authority).1)
                            && !matches!(self.status(&leaf.serial), Status::Revoked { .. })
                    };
                    authority.as_ref().is_none_or(by_it) && leaf.key == key.der_bytes()
                })
                && subject.is_none_or(|subject| subject.uncovered(der).is_none() && !subject.is_exceeded_by(der))
        });
        if let Some(der) = der {
            let issuer = parse(der).map(|leaf| leaf.issuer);
            let above = snapshot.issuers().find(|known| Some(&known.parsed.subject) == issuer.as_ref());
            let above = above.map(chain_of).unwrap_or_default();
            return Ok(Own { chain: [vec![der.clone()], above].concat(), key, made: None });
        }
        let authority = authority.ok_or(CaError::Stored { what: "CA", reason: "its key is not in this box".into() })?;
        let new = self.sign_own(kind, &key, subject, &authority, now)?;
        rows.insert(kind.row, new.der.clone());
        let chain = [vec![new.der.clone()], chain_of(&authority)].concat();
        Ok(Own { chain, key, made: Some((rows, new)) })
    }

    fn sign_own(
        &self,
        kind: &Kind,
        key: &KeyPair,
        subject: Option<&Subject>,
        authority: &Arc<Authority>,
        now: i64,
    ) -> Result<NewCertificate, CaError> {
        let issuer = authority.issuer().ok_or(CaError::damaged("CA"))?;
        let mut params = CertificateParams::default();
        let not_after = (now.max(self.seen()) + LIFE).min(self.snapshot().times(authority).1);
        validity(&mut params, FIRST_DAY, not_after);
        let serial = Serial::random()?;
        params.serial_number = Some(serial.der());
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.is_ca = IsCa::ExplicitNoCa;
        match subject {
            Some(subject) => subject.write(&mut params)?,
            None => params.distinguished_name.push(DnType::CommonName, "Phonebox SCEP"),
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if kind.is_rsa() {
            params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
        }
        params.use_authority_key_identifier_extension = true;
        self.add_addresses(&mut params, authority);
        let der = params.signed_by(key, issuer)?.der().to_vec();
        Ok(NewCertificate {
            authority_id: authority.id,
            profile_id: None,
            serial,
            mac: None,
            holder: kind.holder.into(),
            device_serial: None,
            model: None,
            subject: parse(&der).map(|parsed| parsed.subject_text).unwrap_or_default(),
            key_sha256: sha256(key.der_bytes()),
            once: None,
            door: "box",
            author: "box".into(),
            der,
            not_before: FIRST_DAY,
            not_after,
            created_at: now,
        })
    }

    /// Stores what is new. Nobody has seen it before.
    pub(super) async fn keep(&self, own: Own) -> Result<Own, CaError> {
        let Own { chain, key, made } = own;
        if let Some((rows, new)) = made {
            let (serial, authority) = (new.serial, new.authority_id);
            let store = self.0.db.write(move |tx| {
                store::save(tx, &rows)?;
                store::insert_certificate(tx, &new).map_err(CaError::from)
            });
            store.await?;
            self.note_issued(serial, authority);
        }
        Ok(Own { chain, key, made: None })
    }

    /// Where to ask about a certificate, when the box has a name that will not change.
    pub(super) fn add_addresses(&self, params: &mut CertificateParams, authority: &Authority) {
        let Some(address) = &self.0.options.address else { return };
        params.crl_distribution_points = super::crl::addresses(&self.0.options, authority.id);
        let ocsp = format!("{address}/ocsp");
        // RFC 5280, 4.2.2.1: AuthorityInfoAccess with id-ad-ocsp.
        let content = yasna::construct_der(|writer| {
            writer.write_sequence(|writer| {
                writer.next().write_sequence(|writer| {
                    let method = yasna::models::ObjectIdentifier::from_slice(&[1, 3, 6, 1, 5, 5, 7, 48, 1]);
                    writer.next().write_oid(&method);
                    let tag = yasna::Tag::context(6);
                    writer.next().write_tagged_implicit(tag, |writer| writer.write_bytes(ocsp.as_bytes()));
                });
            });
        });
        params.custom_extensions.push(rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content));
    }
}
