//! Step 3: who may have what. Pure: no clock, no database, no randomness; `facts` in, grant or refusal out.
//!
//! The ladder (architecture §3): anonymous < allowed network < first-contact window < steady token or credentials <
//! certificate. A grant without secrets removes them before anything is written, so no writer can leak them.

use crate::ca::client::Fault;
use crate::checkins::{Reason, Transport};
use crate::devices::{Device, Proof, State, TlsState};
use crate::net::Mac;
use crate::networks::{Policy, Unknown};
use crate::profiles::{Profile, Trust};
use crate::vendors::FileKind;
use std::net::IpAddr;

/// What the request showed besides a MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    None,
    Token(Mac),
    UnknownToken,
    Login(Mac),
    /// The login of the server that this device is sent to. Every device of a profile may have the same one: it proves
    /// enough to be told the same again, and nothing else.
    There(Mac),
    /// The enrollment code of the site that the device is at: whoever shows it is let into its window, and proves no more.
    Code,
    /// Wrong user or password.
    BadLogin,
    /// Right, and given before.
    OldLogin,
    /// `ours`: this box issued it; else an accepted device CA did.
    Certificate {
        mac: Mac,
        ours: bool,
    },
    /// Below an accepted CA, and still not good.
    BadCertificate(Fault),
}

impl Credential {
    /// Whose proof it is.
    pub fn owner(self) -> Option<Mac> {
        match self {
            Credential::Token(mac) | Credential::Login(mac) | Credential::Certificate { mac, .. } => Some(mac),
            _ => None,
        }
    }
}

/// What is asked for, as far as authorization cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// One of a vendor's file names.
    File(FileKind),
    /// Anything else: a name of the file store.
    Static,
    /// PUT or POST.
    Upload,
}

impl Ask {
    /// Made from settings, where it is one of a device that is sent away, from those of the other server alone.
    fn is_rendered(self) -> bool {
        matches!(self, Ask::File(kind) if kind != FileKind::Upload)
    }

    /// Holds one device's own values when the device is known.
    fn is_own(self) -> bool {
        matches!(
            self,
            Ask::File(FileKind::Settings | FileKind::Device | FileKind::Container | FileKind::Upload) | Ask::Upload
        )
    }
}

pub struct Facts<'a> {
    pub now: i64,
    pub transport: Transport,
    pub peer: IpAddr,
    pub policy: &'a Policy,
    /// The URL directory asks everybody for credentials.
    pub ask_directory: bool,
    pub mac: Option<Mac>,
    pub two_macs: bool,
    pub credential: Credential,
    pub device: Option<&'a Device>,
    /// The device's profile; a site may have none.
    pub profile: Option<&'a Profile>,
    /// An administrator bound the device's MAC to the peer's network.
    pub bound: bool,
    pub ask: Ask,
    /// Whether the complete answer holds a secret: a redirection without credentials holds none.
    pub holds_secrets: bool,
    /// Without its secrets it takes none away: a redirection for a phone that keeps what it is not told.
    pub is_harmless: bool,
}

/// What must be remembered before the first byte leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// First answer with secrets inside the window: this peer used it.
    WindowUsed,
    SecretsSent,
    /// The steady proof was seen: the configuration arrived, the window closes.
    ProofSeen(Proof),
    TlsSeen,
    /// It was proven over HTTPS and came back by HTTP: URLs fall back.
    TlsLost,
    TlsState(TlsState),
    /// Proven, by a handshake below the root in force.
    RootInForce,
    Conflict,
    ResetSuspected,
    Queue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub trust: Trust,
    pub secrets: bool,
    pub reason: Reason,
    pub effects: Vec<Effect>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    /// Answer with the challenge instead of "not found".
    pub challenge: bool,
    /// With one of its own.
    pub stale: bool,
    /// Counts against the source's budget of failed look-ups.
    pub failed_lookup: bool,
    pub effects: Vec<Effect>,
}

impl Refusal {
    pub fn new(reason: Reason) -> Refusal {
        Refusal { reason, challenge: false, stale: false, failed_lookup: false, effects: Vec::new() }
    }

    fn guess(reason: Reason) -> Refusal {
        Refusal { failed_lookup: true, ..Refusal::new(reason) }
    }

    pub(super) fn challenge(reason: Reason, failed_lookup: bool) -> Refusal {
        Refusal { challenge: true, failed_lookup, ..Refusal::new(reason) }
    }

    /// Who knows the password guesses nothing.
    pub(super) fn again() -> Refusal {
        Refusal { stale: true, ..Refusal::challenge(Reason::OldCredentials, false) }
    }
}

pub fn authorize(facts: &Facts) -> Result<Grant, Refusal> {
    if let Credential::BadCertificate(fault) = facts.credential {
        return Err(Refusal::guess(reason_of(fault)));
    }
    if let Credential::Certificate { mac, .. } = facts.credential
        && (facts.two_macs || facts.mac.is_some_and(|asked| asked != mac))
    {
        return Err(Refusal::guess(Reason::CertificateOfOther));
    }
    if facts.two_macs {
        return Err(Refusal::guess(Reason::TwoMacs));
    }
    match facts.credential {
        Credential::UnknownToken => return Err(Refusal::guess(Reason::UnknownToken)),
        Credential::BadLogin => return Err(Refusal::challenge(Reason::BadCredentials, true)),
        Credential::OldLogin => return Err(Refusal::again()),
        Credential::Token(owner) if facts.mac.is_some_and(|mac| mac != owner) => {
            return Err(Refusal::guess(Reason::TokenOfOther));
        }
        Credential::Login(owner) if facts.mac.is_some_and(|mac| mac != owner) => {
            return Err(Refusal::challenge(Reason::TokenOfOther, true));
        }
        Credential::None if facts.policy.ask || facts.ask_directory => {
            return Err(Refusal::challenge(Reason::Ask, false));
        }
        _ => {}
    }
    let proven = match facts.credential {
        Credential::None | Credential::Code => facts.bound,
        Credential::There(_) => facts.ask.is_rendered() || facts.bound,
        _ => true,
    };
    if !facts.policy.settings && !proven {
        return Err(Refusal::guess(Reason::ForeignNetwork));
    }
    match (facts.mac, facts.device) {
        (None, None) => nameless(facts),
        (Some(_), None) => unknown(facts),
        (_, Some(device)) => known(facts, device),
    }
}

pub fn reason_of(fault: Fault) -> Reason {
    match fault {
        Fault::Revoked => Reason::CertificateRevoked,
        Fault::Over => Reason::CertificateExpired,
        _ => Reason::BadCertificate,
    }
}

/// No MAC anywhere: files of a model, files of the store. Never anything of one device.
fn nameless(facts: &Facts) -> Result<Grant, Refusal> {
    let reason = match facts.ask {
        Ask::Static => Reason::StaticFile,
        Ask::Upload => return Err(Refusal::guess(Reason::UploadRefused)),
        Ask::File(FileKind::Device | FileKind::Upload | FileKind::Container) => {
            return Err(Refusal::guess(Reason::NoFile));
        }
        Ask::File(_) => Reason::ModelFile,
    };
    Ok(Grant { trust: Trust::Network, secrets: false, reason, effects: Vec::new() })
}

fn unknown(facts: &Facts) -> Result<Grant, Refusal> {
    match facts.policy.unknown {
        Unknown::Refuse => Err(Refusal::guess(Reason::UnknownDevice)),
        Unknown::Queue => Err(Refusal { effects: vec![Effect::Queue], ..Refusal::guess(Reason::Queued) }),
        Unknown::Default if facts.ask == Ask::Upload => Err(Refusal::guess(Reason::UploadRefused)),
        Unknown::Default => {
            Ok(Grant { trust: Trust::Network, secrets: false, reason: Reason::SafeDefault, effects: Vec::new() })
        }
    }
}

fn known(facts: &Facts, device: &Device) -> Result<Grant, Refusal> {
    match device.state {
        State::Active => {}
        State::Known => return Err(Refusal::guess(Reason::NotActive)),
        State::Blocked => return Err(Refusal::guess(Reason::Blocked)),
    }
    let profile = facts.profile.ok_or_else(|| Refusal::new(Reason::NoProfile))?;
    let (trust, reason) = trust(facts, device)?;
    if trust < profile.settings_trust {
        let by_certificate = profile.settings_trust == Trust::Certificate;
        return Err(Refusal::new(if by_certificate { Reason::CertificateNeeded } else { Reason::MoreProof }));
    }
    let plain = facts.transport != Transport::Https;
    // What is said of a file without its secrets, and of one that is not sent because of them.
    let channel = match facts.transport {
        Transport::Tftp if !profile.secrets_over_tftp => Some((Reason::SettingsOnlyTftp, Reason::WithheldTftp)),
        _ if plain && profile.secrets_tls_only => Some((Reason::SettingsOnlyTls, Reason::WithheldTls)),
        _ => None,
    };
    // A window belongs to the first peer that uses it for a file of the device's own; nothing else in it has secrets, or
    // a second peer could have them without claiming it. An upload needs steady proof anyway.
    let least = if facts.ask.is_own() && facts.ask != Ask::Upload { Trust::Window } else { Trust::Token };
    let proved = trust >= least && trust >= profile.secrets_trust;
    let mut effects = transport_effects(facts, device, profile, trust);
    if proved && channel.is_none() {
        own_effects(facts, device, trust, &mut effects);
        return Ok(Grant { trust, secrets: true, reason, effects });
    }
    if facts.ask == Ask::Upload {
        return Err(Refusal::new(Reason::UploadRefused));
    }
    // A reduced file would take away what the phone has (absence means default): it gets nothing and keeps it.
    let would_take = facts.ask.is_own() && facts.holds_secrets && !facts.is_harmless;
    if would_take && (device.secrets_at.is_some() || device.proof.is_some()) {
        let reset = device.proof.is_some() && !proved;
        let reason = match channel {
            Some((_, withheld)) if proved => withheld,
            _ if reset => Reason::ResetSuspected,
            _ => Reason::ProofMissing,
        };
        // Noted once: a commit for each request would tell by its time that the device is known.
        let effects = if reset && device.reset_at.is_none() { vec![Effect::ResetSuspected] } else { Vec::new() };
        return Err(Refusal { effects, ..Refusal::new(reason) });
    }
    let reduced = channel.filter(|_| proved).map(|(reduced, _)| reduced);
    let lacks = match profile.secrets_trust {
        Trust::Certificate if trust < Trust::Certificate => Reason::SettingsOnlyCertificate,
        _ => Reason::SettingsOnly,
    };
    let reason = reduced.unwrap_or(lacks);
    Ok(Grant { trust, secrets: false, reason, effects })
}

fn trust(facts: &Facts, device: &Device) -> Result<(Trust, Reason), Refusal> {
    match facts.credential {
        Credential::Token(_) => return Ok((Trust::Token, Reason::Token)),
        Credential::Login(_) => return Ok((Trust::Token, Reason::Credentials)),
        Credential::There(_) if facts.ask.is_rendered() => return Ok((Trust::Token, Reason::Credentials)),
        Credential::Certificate { .. } => return Ok((Trust::Certificate, Reason::Certificate)),
        _ if facts.bound => return Ok((Trust::Token, Reason::Bound)),
        _ => {}
    }
    if device.conflict_at.is_some() && facts.ask.is_own() {
        return Err(Refusal::new(Reason::Conflict));
    }
    if !device.window_open(facts.now) {
        return Ok((Trust::Network, Reason::SettingsOnly));
    }
    let peer = facts.peer.to_string();
    if facts.ask.is_own() && device.window_peer.as_ref().is_some_and(|first| *first != peer) {
        return Err(Refusal { effects: vec![Effect::Conflict], ..Refusal::new(Reason::Conflict) });
    }
    let is_code = facts.credential == Credential::Code;
    Ok((Trust::Window, if is_code { Reason::Code } else { Reason::Window }))
}

fn transport_effects(facts: &Facts, device: &Device, profile: &Profile, trust: Trust) -> Vec<Effect> {
    let config = matches!(facts.ask, Ask::File(_));
    let trust = if matches!(facts.credential, Credential::There(_)) { trust.min(Trust::Window) } else { trust };
    // In its window, whoever asks for its own file claims that; anything else is anybody's who names it.
    let is_its = trust >= Trust::Token || trust == Trust::Window && facts.ask.is_own();
    let mut effects = match facts.transport {
        Transport::Https if device.tls_at.is_none() && trust >= Trust::Window => vec![Effect::TlsSeen],
        Transport::Http if device.tls_at.is_some() && profile.https && config && trust >= Trust::Window => {
            vec![Effect::TlsLost]
        }
        _ => Vec::new(),
    };
    let ours = matches!(facts.credential, Credential::Certificate { ours: true, .. });
    let state = tls_state(facts.transport, ours);
    if state > device.tls_state && (is_its || state == TlsState::PlainOnly && trust >= Trust::Window) {
        effects.push(Effect::TlsState(state));
        // No first contact may have filled in the report of a roll-over.
        if facts.transport == Transport::Https && trust >= Trust::Token {
            effects.push(Effect::RootInForce);
        }
    }
    effects
}

/// How far a device has come that asks like this. `ours`: TLS showed its certificate of this box.
fn tls_state(transport: Transport, ours: bool) -> TlsState {
    match transport {
        Transport::Https if ours => TlsState::HoldsOurCertificate,
        Transport::Https => TlsState::TrustsOurCa,
        _ => TlsState::PlainOnly,
    }
}

/// The same of a device that was given a certificate, so it is proven. Only upwards.
pub fn enrolled_effects(transport: Transport, ours: bool, device: &Device) -> Vec<Effect> {
    let state = tls_state(transport, ours);
    let mut effects = Vec::new();
    if state > device.tls_state {
        effects.push(Effect::TlsState(state));
        if transport == Transport::Https {
            effects.push(Effect::RootInForce);
        }
    }
    effects
}

fn own_effects(facts: &Facts, device: &Device, trust: Trust, effects: &mut Vec<Effect>) {
    let proof = match facts.credential {
        Credential::Token(_) => Some(Proof::Token),
        Credential::Login(_) => Some(Proof::Credentials),
        Credential::Certificate { .. } => Some(Proof::Certificate),
        _ => None,
    };
    // Who has a certificate may still show its token by HTTP: the stronger proof stays on record.
    let is_new = |proof| device.proof != Some(proof) && device.proof != Some(Proof::Certificate);
    if let Some(proof) = proof
        && (is_new(proof) || device.window_until != 0 || device.reset_at.is_some())
    {
        effects.push(Effect::ProofSeen(proof));
        if facts.transport == Transport::Https && !effects.contains(&Effect::RootInForce) {
            effects.push(Effect::RootInForce);
        }
    }
    if !facts.ask.is_own() || !facts.holds_secrets {
        return;
    }
    if trust == Trust::Window && device.window_peer.is_none() {
        effects.push(Effect::WindowUsed);
    }
    if device.secrets_at.is_none() {
        effects.push(Effect::SecretsSent);
    }
}
