//! Certificate profiles: which keys are taken, how long a certificate holds, and what it says. The subject is made from
//! the profile's template and what the box knows of the holder, never from what a request asks for.

use super::issue::{Holder, Refused};
use super::limits::Limits;
use crate::db::BOX_ACCOUNT;
use rcgen::{DistinguishedName, DnType, DnValue, SanType};
use std::ops::RangeInclusive;

/// The profile every box has.
pub const DEVICE: &str = "device";

/// Certificate profiles are the box's: in other accounts there is one.
pub fn is_open_to(name: &str, account_id: i64) -> bool {
    account_id == BOX_ACCOUNT || name == DEVICE
}

/// No profile may go below: such a key is broken by a stranger's week of work.
pub const LEAST_RSA: u32 = 1_024;
pub const MOST_RSA: u32 = 8_192;
const LONGEST_DAYS: u32 = 36_500;
/// What its numbers may be.
const RANGES: [(&str, RangeInclusive<u32>); 4] = [
    ("rsa_least", LEAST_RSA..=MOST_RSA),
    ("rsa_most", LEAST_RSA..=MOST_RSA),
    ("validity_days", 1..=LONGEST_DAYS),
    ("backdate_days", 0..=LONGEST_DAYS),
];

/// The rule that a number of this field breaks.
pub fn out_of_range(field: &str, value: i64) -> String {
    let range = RANGES.iter().find(|(known, _)| *known == field).map(|(_, range)| range);
    let (least, most) = range.map_or((0, u32::MAX), |range| (*range.start(), *range.end()));
    format!("{field} is {value}, and must be from {least} to {most}")
}
/// RFC 5280, appendix A: ub-common-name, ub-serial-number.
const LONGEST_VALUE: usize = 64;

pub const KEY_TYPES: [&str; 4] = ["rsa", "p256", "p384", "p521"];
/// What tells one device from another. RFC 5280, 4.1.2.6: a subject is one entity's.
const NAMING: [&str; 3] = ["{mac}", "{mac-colon}", "{serial}"];
const PLACEHOLDERS: [&str; 4] = ["{mac}", "{mac-colon}", "{serial}", "{model}"];

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct CertProfile {
    #[serde(skip)]
    pub id: i64,
    pub name: String,
    /// Of rsa, p256, p384, p521.
    pub key_types: Vec<String>,
    /// Bits of the shortest and of the longest RSA key that is taken.
    pub rsa_least: u32,
    pub rsa_most: u32,
    pub validity_days: u32,
    /// How long before its making a certificate holds, for phones whose clock is late.
    pub backdate_days: u32,
    /// `CN={mac}, O=Example`, from {mac} {mac-colon} {serial} {model}.
    #[schema(example = "CN={mac}")]
    pub subject: String,
    /// `dns:{mac}.phones.example uri:urn:mac:{mac}`, or nothing.
    #[schema(example = "dns:{mac}.phones.example")]
    pub san: String,
    pub updated_at: i64,
}

impl CertProfile {
    pub fn device(id: i64, now: i64) -> CertProfile {
        CertProfile {
            id,
            name: DEVICE.into(),
            key_types: KEY_TYPES.map(str::to_owned).into(),
            rsa_least: 2_048,
            rsa_most: 4_096,
            validity_days: 1_095,
            backdate_days: 365,
            subject: "CN={mac}".into(),
            san: String::new(),
            updated_at: now,
        }
    }

    /// The rule that is broken, with an example of what is right. `limits`: of the CA that would sign.
    pub fn check(&self, limits: &Limits) -> Result<(), String> {
        let known = |word: &String| KEY_TYPES.contains(&word.as_str());
        if self.key_types.is_empty() || !self.key_types.iter().all(known) {
            return Err("its key types must be some of rsa p256 p384 p521".into());
        }
        let values = [self.rsa_least, self.rsa_most, self.validity_days, self.backdate_days];
        for ((field, range), value) in RANGES.iter().zip(values) {
            if !range.contains(&value) {
                return Err(out_of_range(field, value.into()));
            }
        }
        if self.rsa_least > self.rsa_most {
            return Err(format!("rsa_least ({}) is above rsa_most ({})", self.rsa_least, self.rsa_most));
        }
        let example = Holder {
            mac: crate::net::Mac::from_u64(0x0015_65aa_bbcc),
            serial: Some("1".into()),
            model: Some("1".into()),
            label: String::new(),
        };
        self.subject(&example).map_err(|error| format!("its subject is not right ({error}). Example: CN={{mac}}"))?;
        if !NAMING.iter().any(|placeholder| self.subject.contains(placeholder)) {
            let naming = NAMING.join(" or ");
            return Err(format!("its subject must name each device by {naming}, or all would have the same"));
        }
        self.names(&example).map(drop).map_err(|error| {
            format!("its alternative names are not right ({error}). Example: dns:{{mac}}.phones.example")
        })?;
        self.keep_within(limits, &example).map_err(|error| error.to_string())
    }

    /// Whoever obeys a CA's limits takes a common name with a dot for a DNS name, too.
    pub fn keep_within(&self, limits: &Limits, holder: &Holder) -> Result<(), Refused> {
        let mut names: Vec<String> = self.names(holder)?.iter().filter_map(dns_name).collect();
        if let Some(DnValue::Utf8String(name)) = self.subject(holder)?.get(&DnType::CommonName)
            && name.contains('.')
            && crate::net::is_dns_name(name)
        {
            names.push(name.clone());
        }
        match names.into_iter().find(|name| !limits.allow_name(&name.to_ascii_lowercase())) {
            Some(name) => Err(Refused::Outside(name)),
            None => Ok(()),
        }
    }

    pub fn subject(&self, holder: &Holder) -> Result<DistinguishedName, Refused> {
        let wrong = |part: &str| Refused::Template(part.to_owned());
        let mut name = DistinguishedName::new();
        for part in self.subject.split(',').map(str::trim) {
            let (kind, template) = part.split_once('=').ok_or_else(|| wrong(part))?;
            let kind = match kind {
                "CN" => DnType::CommonName,
                "O" => DnType::OrganizationName,
                "OU" => DnType::OrganizationalUnitName,
                "L" => DnType::LocalityName,
                "ST" => DnType::StateOrProvinceName,
                "serialNumber" => DnType::CustomDnType(vec![2, 5, 4, 5]),
                _ => return Err(wrong(part)),
            };
            let value = fill(template, holder)?;
            if value.is_empty() || name.get(&kind).is_some() {
                return Err(wrong(part));
            }
            match kind {
                // X.520 wants printable characters here.
                DnType::CustomDnType(_) => {
                    let value = rcgen::string::PrintableString::try_from(value).map_err(|_| wrong(part))?;
                    name.push(kind, rcgen::DnValue::PrintableString(value));
                }
                _ => name.push(kind, value),
            }
        }
        Ok(name)
    }

    pub fn names(&self, holder: &Holder) -> Result<Vec<SanType>, Refused> {
        let one = |part: &str| {
            let wrong = || Refused::Template(part.to_owned());
            let (kind, template) = part.split_once(':').ok_or_else(wrong)?;
            let value = fill(template, holder)?;
            match kind {
                "dns" if crate::net::is_dns_name(&value) => {
                    Ok(SanType::DnsName(value.try_into().map_err(|_| wrong())?))
                }
                "uri" if value.contains(':') => Ok(SanType::URI(value.try_into().map_err(|_| wrong())?)),
                _ => Err(wrong()),
            }
        };
        self.san.split_whitespace().map(one).collect()
    }
}

fn dns_name(name: &SanType) -> Option<String> {
    match name {
        SanType::DnsName(name) => Some(name.to_string()),
        _ => None,
    }
}

fn fill(template: &str, holder: &Holder) -> Result<String, Refused> {
    let mac = holder.mac.map(|mac| mac.to_string());
    let pairs = |mac: &String| mac.as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>().join(":");
    let values = [&mac, &mac.as_ref().map(pairs), &holder.serial, &holder.model];
    let mut out = template.to_owned();
    for (placeholder, value) in PLACEHOLDERS.into_iter().zip(values) {
        if out.contains(placeholder) {
            let value = value.as_deref().ok_or(Refused::HolderLacks(placeholder))?;
            let tame = |c: char| c.is_ascii_alphanumeric() || " .-_:/".contains(c);
            if value.is_empty() || !value.chars().all(tame) {
                return Err(Refused::HolderValue { placeholder, value: value.chars().take(40).collect() });
            }
            out = out.replace(placeholder, value);
        }
    }
    if out.contains(['{', '}']) || out.chars().any(char::is_control) || out.chars().count() > LONGEST_VALUE {
        return Err(Refused::Template(template.to_owned()));
    }
    Ok(out)
}
