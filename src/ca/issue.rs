//! The one door by which a device's certificate gets signed: every protocol and every person comes through
//! [`Ca::issue`]. What is answered is on disk first.

use super::authority::{Authority, at, validity};
use super::cert_profile::CertProfile;
use super::serial::Serial;
use super::store::{self, Answered, NewCertificate};
use super::{Ca, CaError, key};
use crate::db;
use crate::db::BOX_ACCOUNT;
use crate::net::Mac;
use crate::{alarms, audit};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};

pub type CertProfileId = i64;

const DAY: i64 = 86_400_000;
/// A clock may be set back a little without anybody having lost his way.
const SLACK: i64 = 10 * 60_000;

/// Whom a certificate is for, as the box knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    pub mac: Option<Mac>,
    pub serial: Option<String>,
    pub model: Option<String>,
    /// For people; also tells holders without a MAC apart.
    pub label: String,
}

impl Holder {
    /// What stands for the holder: two certificates of one holder may share a key.
    pub fn id(&self) -> String {
        self.mac.map_or_else(|| self.label.clone(), |mac| mac.to_string())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Scep,
    Est,
    File,
    Administrator,
}

impl Door {
    pub fn word(self) -> &'static str {
        match self {
            Door::Scep => "scep",
            Door::Est => "est",
            Door::File => "file",
            Door::Administrator => "administrator",
        }
    }
}

pub struct Order {
    pub profile: CertProfileId,
    pub holder: Holder,
    /// The key, with the possession of it proved already.
    pub spki_der: Vec<u8>,
    pub door: Door,
    /// Who asked, for the audit log.
    pub by: String,
    /// Hash of what must not count twice (a challenge, a transaction): the same value gets the same certificate.
    pub once: Option<[u8; 32]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    pub serial: Serial,
    pub der: Vec<u8>,
    /// What signed it and what signed that, without the root.
    pub chain: Vec<Vec<u8>>,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the public key cannot be read")]
    KeyUnreadable,
    #[error("the certificate profile does not take this kind of key")]
    KeyKind,
    #[error("the RSA key has {bits} bits, {least} is the least")]
    RsaShort { bits: u32, least: u32 },
    #[error("the RSA key has {bits} bits, {most} is the most")]
    RsaLong { bits: u32, most: u32 },
    #[error("the RSA key's exponent must be odd, and 65537 or more")]
    RsaExponent,
    #[error("the RSA key is one of those that are known to be broken")]
    RsaBroken,
    #[error("the key is the key of an authority of this box")]
    KeyOfAuthority,
    #[error("the key is in a certificate of another holder")]
    KeyOfAnother,
    #[error("all keys of the holder were revoked while this certificate was made")]
    KeysRevoked,
    #[error("the certificate that was given for this request is revoked. Ask anew, with a new challenge")]
    Revoked,
    #[error("there is no certificate profile {0}")]
    NoProfile(i64),
    #[error("the certificate profile needs {0}, and the box does not know it of this holder")]
    HolderLacks(&'static str),
    #[error("{value:?} cannot stand for {placeholder} in a certificate")]
    HolderValue { placeholder: &'static str, value: String },
    #[error("{0:?} is not right in a certificate profile")]
    Template(String),
    #[error(
        "the name {0:?} is outside the names and networks that the CA is limited to (ca.permitted). Change the subject or the alternative names of the certificate profile"
    )]
    Outside(String),
    #[error("the clock of the box stands before the first day of the authority, or of the root above it")]
    ClockEarly,
    #[error(
        "the clock of the box was set back: it has seen a later time. Set it right, or take it for right: phonebox ca clock"
    )]
    ClockBack,
    #[error("the authority, or the root above it, has expired. Make a new one: phonebox ca rollover start")]
    AuthorityOver,
    #[error("the key of the authority is not in this box")]
    NoKey,
    #[error(transparent)]
    Box(#[from] CaError),
}

impl From<db::Error> for Refused {
    fn from(error: db::Error) -> Refused {
        Refused::Box(error.into())
    }
}

impl Refused {
    /// Stable words for logs and programs.
    pub fn word(&self) -> &'static str {
        match self {
            Refused::KeyUnreadable => "key-unreadable",
            Refused::KeyKind => "key-kind",
            Refused::RsaShort { .. } => "rsa-short",
            Refused::RsaLong { .. } => "rsa-long",
            Refused::RsaExponent => "rsa-exponent",
            Refused::RsaBroken => "rsa-broken",
            Refused::KeyOfAuthority => "key-of-authority",
            Refused::KeysRevoked => "keys-revoked",
            Refused::Revoked => "revoked",
            Refused::KeyOfAnother => "key-of-another",
            Refused::NoProfile(_) => "no-profile",
            Refused::HolderLacks(_) => "holder-lacks",
            Refused::HolderValue { .. } => "holder-value",
            Refused::Template(_) => "template",
            Refused::Outside(_) => "outside",
            Refused::ClockEarly => "clock-early",
            Refused::ClockBack => "clock-back",
            Refused::AuthorityOver => "authority-over",
            Refused::NoKey => "no-key",
            Refused::Box(_) => "box",
        }
    }

    /// Something is wrong with the box, not with what was asked: somebody must be told.
    fn is_of_the_box(&self) -> bool {
        matches!(self, Refused::ClockEarly | Refused::ClockBack | Refused::AuthorityOver | Refused::NoKey)
    }
}

impl Ca {
    /// Signs, stores, answers, in that order.
    pub async fn issue(&self, order: Order, now: i64) -> Result<Issued, Refused> {
        let outcome = self.issue_unless_refused(order, now).await;
        if let Err(refused) = &outcome
            && refused.is_of_the_box()
        {
            let (kind, text) = (refused.word(), format!("No certificate can be issued: {refused}"));
            tracing::warn!(kind, "{text}");
            let told = self.0.db.write(move |tx| {
                alarms::store::raise(tx, BOX_ACCOUNT, "no-certificates", kind, &text, now).map_err(CaError::from)
            });
            told.await?;
        }
        outcome
    }

    async fn issue_unless_refused(&self, order: Order, now: i64) -> Result<Issued, Refused> {
        if let Some(first) = order.once.as_ref().map(|once| self.first(once, now)).transpose()?.flatten() {
            return Ok(first);
        }
        let profile = self.0.db.read(|conn| store::profile_by_id(conn, order.profile))?;
        let profile = profile.ok_or(Refused::NoProfile(order.profile))?;
        let key = key::check(&order.spki_der, &profile)?;
        let snapshot = self.snapshot();
        let bytes = rcgen::PublicKeyData::der_bytes(&key.public);
        if snapshot.authorities.iter().any(|known| known.parsed.key == bytes) {
            return Err(Refused::KeyOfAuthority);
        }
        let authority = snapshot.issuing().ok_or(Refused::NoKey)?;
        let times = snapshot.times(&authority);
        self.check_clock(times, now)?;
        let (params, serial, not_before, not_after) =
            self.params(&profile, &order.holder, &authority, times, key.is_rsa(), now)?;
        let subject = profile.subject.clone();
        let signing = authority.clone();
        let public = key.public.clone();
        // Signing takes its time on the processor: bounded, and not on a listener's thread.
        let _turn = self.0.signing.acquire().await;
        let der = tokio::task::spawn_blocking(move || {
            let issuer = signing.issuer().ok_or(Refused::NoKey)?;
            let signed = params.signed_by(&public, issuer).map_err(CaError::from)?;
            Ok::<_, Refused>(signed.der().to_vec())
        });
        let der = der.await.map_err(|_| CaError::from(db::Error::Stopped))??;
        let subject = super::parsed::parse(&der).map_or(subject, |parsed| parsed.subject_text);
        let new = NewCertificate {
            authority_id: authority.id,
            profile_id: Some(profile.id),
            serial,
            mac: order.holder.mac,
            holder: order.holder.id(),
            device_serial: order.holder.serial,
            model: order.holder.model,
            subject,
            key_sha256: key.sha256,
            once: order.once,
            door: order.door.word(),
            author: order.by,
            der: der.clone(),
            not_before,
            not_after,
            created_at: now,
        };
        let issuing = authority.id;
        let stored = self.0.db.write(move |tx| {
            if let Some(once) = &new.once
                && let Some(first) = store::by_once(tx, once)?
            {
                if !is_stale(&first, Some(issuing), now) {
                    return Ok(Some(first));
                }
                store::forget_once(tx, once)?;
            }
            if store::key_of_another(tx, &new.key_sha256, &new.holder)? {
                return Err(Refused::KeyOfAnother);
            }
            if let Some(mac) = new.mac
                && store::keys_revoked_since(tx, mac, now)?
            {
                return Err(Refused::KeysRevoked);
            }
            store::insert_certificate(tx, &new)?;
            let until = at(new.not_after).date();
            let detail = format!("{}, serial {}, by {} until {until}", new.subject, new.serial, new.door);
            audit::store::note(tx, BOX_ACCOUNT, &new.author, "certificate.issue", &new.holder, Some(detail), now)?;
            Ok(None)
        });
        // Before it is stored: whoever revokes it the moment it is must find it.
        self.note_issued(serial, authority.id);
        let stored = stored.await;
        if !matches!(stored, Ok(None)) {
            self.forget_issued(&serial);
        }
        if let Some(first) = stored? {
            return self.issued_before(first);
        }
        self.saw(now);
        self.note_end(not_after, now);
        Ok(Issued { serial, der, chain: snapshot.chain(&authority) })
    }

    fn first(&self, once: &[u8; 32], now: i64) -> Result<Option<Issued>, Refused> {
        let found = self.0.db.read(|conn| store::by_once(conn, once))?;
        let issuing = self.snapshot().issuing().map(|issuing| issuing.id);
        let found = found.filter(|found| !is_stale(found, issuing, now));
        found.map(|found| self.issued_before(found)).transpose()
    }

    /// A replay is the same certificate, as long as it was not taken back and is of use: [`is_stale`].
    fn issued_before(&self, first: Answered) -> Result<Issued, Refused> {
        if first.is_revoked {
            return Err(Refused::Revoked);
        }
        let snapshot = self.snapshot();
        let authority = snapshot.authorities.iter().find(|known| known.id == first.authority_id);
        let (Some(authority), Some(serial)) = (authority, Serial::of(&first.serial)) else {
            return Err(CaError::damaged("certificate").into());
        };
        Ok(Issued { serial, der: first.der, chain: snapshot.chain(authority) })
    }

    /// F12: a certificate's dates come from the clock, so the clock must be believable.
    fn check_clock(&self, (from, to): (i64, i64), now: i64) -> Result<(), Refused> {
        if now < from {
            return Err(Refused::ClockEarly);
        }
        if now < self.seen() - SLACK {
            return Err(Refused::ClockBack);
        }
        if now >= to {
            return Err(Refused::AuthorityOver);
        }
        Ok(())
    }

    /// What the certificate says. Nothing of it comes from the request.
    fn params(
        &self,
        profile: &CertProfile,
        holder: &Holder,
        authority: &Authority,
        (from, to): (i64, i64),
        is_rsa: bool,
        now: i64,
    ) -> Result<(CertificateParams, Serial, i64, i64), Refused> {
        let mut params = CertificateParams::default();
        let not_before = (now - i64::from(profile.backdate_days) * DAY).max(from).max(0);
        let not_after = (now + i64::from(profile.validity_days) * DAY).min(to);
        validity(&mut params, not_before, not_after);
        let serial = Serial::random().map_err(CaError::from)?;
        params.serial_number = Some(serial.der());
        params.distinguished_name = profile.subject(holder)?;
        params.subject_alt_names = profile.names(holder)?;
        profile.keep_within(&self.limits(), holder)?;
        params.is_ca = IsCa::ExplicitNoCa;
        // A renewal by SCEP encrypts its answer to the certificate there is.
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if is_rsa {
            params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        self.add_addresses(&mut params, authority);
        Ok((params, serial, not_before, not_after))
    }
}

/// Whether whoever asks again is worse off with the certificate he was given: it is over, or another CA signs by now. What
/// was taken back is refused for good.
fn is_stale(first: &Answered, issuing: Option<i64>, now: i64) -> bool {
    let is_over = || super::parsed::parse(&first.der).is_none_or(|given| given.not_after <= now);
    !first.is_revoked && (issuing.is_some_and(|id| id != first.authority_id) || is_over())
}
