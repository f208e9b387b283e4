//! Check-ins: every request of a phone, answered or not, with the decision and its reason in words.
//!
//! Owns the vocabulary of decisions and reasons, the recorder and the rows. Never keeps a secret: a path's token
//! is masked before it comes here, and whatever else has the form of one before it is a row.

pub mod api;
mod live;
pub mod recorder;
pub mod store;

use crate::net::Mac;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::LazyLock;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    Http,
    Https,
    Tftp,
}

impl Transport {
    pub fn word(self) -> &'static str {
        match self {
            Transport::Http => "http",
            Transport::Https => "https",
            Transport::Tftp => "tftp",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Served,
    Unchanged,
    Redirected,
    Stored,
    Refused,
}

impl Decision {
    pub fn word(self) -> &'static str {
        match self {
            Decision::Served => "served",
            Decision::Unchanged => "unchanged",
            Decision::Redirected => "redirected",
            Decision::Stored => "stored",
            Decision::Refused => "refused",
        }
    }
}

macro_rules! reasons {
    ($($name:ident = $code:literal),* $(,)?) => {
        /// Why: the code that is stored; its words are in `reasons.toml`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason { $($name),* }

        impl Reason {
            pub const ALL: &[Reason] = &[$(Reason::$name),*];

            pub fn code(self) -> &'static str {
                match self { $(Reason::$name => $code),* }
            }
        }
    };
}

reasons! {
    Token = "token", Credentials = "credentials", Certificate = "certificate", BadCertificate = "bad-certificate",
    CertificateRevoked = "certificate-revoked", CertificateExpired = "certificate-expired",
    CertificateNeeded = "certificate-needed",
    CertificateOfOther = "certificate-of-other", Window = "window", Bound = "bound",
    SettingsOnly = "settings-only", SettingsOnlyTls = "settings-only-tls", SettingsOnlyTftp = "settings-only-tftp",
    SettingsOnlyCertificate = "settings-only-certificate",
    WithheldTls = "withheld-tls", WithheldTftp = "withheld-tftp",
    ModelFile = "model-file", SafeDefault = "safe-default", StaticFile = "static-file", SiteFile = "site-file", SiteSecret = "site-secret", OwnUpload = "own-upload",
    TrustCertificate = "trust-certificate", RevocationList = "revocation-list", Redirected = "redirected",
    RedirectedLogin = "redirected-login", Stored = "stored",
    OptionalFile = "optional-file", UnknownDevice = "unknown-device", Queued = "queued", NotActive = "not-active",
    Blocked = "blocked", TwoMacs = "two-macs", UnknownToken = "unknown-token", TokenOfOther = "token-of-other",
    BadCredentials = "bad-credentials", OldCredentials = "old-credentials", Code = "code", CodeNumber = "code-number", CodePin = "code-pin",
    CodeTwice = "code-twice", CodeLocked = "code-locked", CodeNoProfile = "code-no-profile",
    CodeNotTaken = "code-not-taken", CodeElsewhere = "code-elsewhere", Ask = "ask", ForeignNetwork = "foreign-network",
    NetworkOff = "network-off", MoreProof = "more-proof",
    ResetSuspected = "reset-suspected", ProofMissing = "proof-missing", Conflict = "conflict",
    NoProfile = "no-profile", NoFile = "no-file", NoWriter = "no-writer", VendorUnknown = "vendor-unknown",
    Slowed = "slowed", Method = "method", UploadRefused = "upload-refused", TooLarge = "too-large", TooSlow = "too-slow", Quota = "quota",
    BadRequest = "bad-request", Storage = "storage", CannotWrite = "cannot-write", Busy = "busy",
    TlsUnknownCa = "tls-unknown-ca", TlsExpired = "tls-expired", TlsCertificate = "tls-certificate",
    TlsOld = "tls-old", TlsNoCipher = "tls-no-cipher", TlsNotTls = "tls-not-tls", TlsClientKey = "tls-client-key",
    TlsBrokenOff = "tls-broken-off", TlsSlow = "tls-slow", TlsFailed = "tls-failed",
    CertificateIssued = "certificate-issued", CertificateRenewed = "certificate-renewed",
    ScepCapabilities = "scep-capabilities", RequestAttributes = "request-attributes",
    CertificateCopy = "certificate-copy", CertificateFile = "certificate-file", RequestWaits = "request-waits", RequestDeclined = "request-declined",
    ChallengeMissing = "challenge-missing", ChallengeUnknown = "challenge-unknown",
    ChallengeExpired = "challenge-expired", ChallengeUsed = "challenge-used", CertificateVoid = "certificate-void",
    KeysRevoked = "keys-revoked",
    OtherName = "other-name", KeyRefused = "key-refused", RequestUnreadable = "request-unreadable",
    RequestForbidden = "request-forbidden", KeyOfOther = "key-of-other", ProfileUnfit = "profile-unfit",
    NoAuthority = "no-authority",
}

#[derive(serde::Deserialize)]
struct Words {
    text: String,
    next: String,
}

static WORDS: LazyLock<BTreeMap<String, Words>> =
    LazyLock::new(|| toml::from_str(include_str!("reasons.toml")).unwrap_or_default());

/// The sentence of a stored reason code, and what to do next.
pub fn words(code: &str, mac: Option<Mac>, peer: &str) -> (String, String) {
    let mac = mac.map_or_else(|| "MAC".to_owned(), |mac| mac.to_string());
    let fill = |text: &str| text.replace("{mac}", &mac).replace("{peer}", peer);
    WORDS.get(code).map_or_else(|| (code.to_owned(), String::new()), |words| (fill(&words.text), fill(&words.next)))
}

/// One answered or refused request, borrowed: the recorder copies it only when it is new.
#[derive(Clone, Copy)]
pub struct CheckIn<'a> {
    pub at: i64,
    pub transport: Transport,
    pub peer: IpAddr,
    pub mac: Option<Mac>,
    pub vendor: Option<&'a str>,
    pub model: Option<&'a str>,
    pub version: Option<&'a str>,
    pub method: &'a str,
    /// As asked for, tokens masked.
    pub file: &'a str,
    pub evidence: &'a dyn std::fmt::Display,
    pub decision: Decision,
    pub reason: Reason,
    pub detail: Option<&'a str>,
    pub status: u16,
    pub bytes: u64,
    pub micros: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_and_every_word_a_reason() {
        for reason in Reason::ALL {
            assert!(WORDS.contains_key(reason.code()), "{}", reason.code());
        }
        assert_eq!(WORDS.len(), Reason::ALL.len());
        let (text, next) = words("foreign-network", None, "8.8.8.8");
        assert!(text.contains("8.8.8.8") && next.contains("phonebox network add"), "{text} {next}");
    }
}
