//! What a request says of a profile, checked.

use super::targets::TargetInput;
use crate::ca::{self, cert_profile};
use crate::db::Connection;
use crate::profiles::{Profile, Trust};
use crate::web::{Problem, Result};

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Least trust for settings: network, window, token or certificate.
    settings_trust: Option<Trust>,
    /// Least trust for secrets: window, token or certificate.
    secrets_trust: Option<Trust>,
    /// Secrets only over HTTPS.
    secrets_tls_only: Option<bool>,
    secrets_over_tftp: Option<bool>,
    /// Give HTTPS URLs to devices that have completed an HTTPS request here.
    https: Option<bool>,
    /// Leave DHCP and PnP discovery switched on in the phone.
    keep_discovery: Option<bool>,
    /// Experimental: answer with HTTP 302 instead of a small file.
    redirect_302: Option<bool>,
    /// Give devices that can use one an identity certificate of this box.
    certificates: Option<bool>,
    /// The certificate profile that those are issued by, from the next one on: `device` or another one of this box.
    certificate_profile: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddProfile {
    pub(super) name: String,
    #[serde(default)]
    pub(super) options: Options,
    /// Absent or empty: this box itself.
    #[serde(default)]
    pub(super) targets: Vec<TargetInput>,
}

impl AddProfile {
    /// With the standard settings: this box itself.
    pub fn named(name: &str) -> AddProfile {
        AddProfile { name: name.to_owned(), ..AddProfile::default() }
    }
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProfile {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) options: Options,
}

impl Options {
    /// What changed, for the audit log.
    pub(super) fn apply(&self, conn: &Connection, profile: &mut Profile) -> Result<Vec<String>> {
        let mut told = Vec::new();
        if let Some(trust) = self.settings_trust {
            if trust == Trust::Anonymous {
                return Err(Problem::bad_value(
                    "settings_trust: \"anonymous\" is not accepted: the least is network.",
                    "Choose network, window, token or certificate.",
                ));
            }
            profile.settings_trust = trust;
            told.push(format!("settings_trust={}", trust.word()));
        }
        if let Some(trust) = self.secrets_trust {
            if trust < Trust::Window {
                let message = format!("secrets_trust: {:?} is not accepted: the least is window.", trust.word());
                return Err(Problem::bad_value(message, "Choose window, token or certificate."));
            }
            profile.secrets_trust = trust;
            told.push(format!("secrets_trust={}", trust.word()));
        }
        let flags = [
            ("secrets_tls_only", self.secrets_tls_only, &mut profile.secrets_tls_only),
            ("secrets_over_tftp", self.secrets_over_tftp, &mut profile.secrets_over_tftp),
            ("https", self.https, &mut profile.https),
            ("keep_discovery", self.keep_discovery, &mut profile.keep_discovery),
            ("redirect_302", self.redirect_302, &mut profile.redirect_302),
            ("certificates", self.certificates, &mut profile.certificates),
        ];
        for (name, wanted, place) in flags {
            if let Some(wanted) = wanted {
                *place = wanted;
                told.push(format!("{name}={wanted}"));
            }
        }
        if let Some(name) = &self.certificate_profile {
            let is_theirs = cert_profile::is_open_to(name, profile.account_id);
            if !is_theirs || ca::store::profile_by_name(conn, name)?.is_none() {
                let name: String = name.chars().take(64).collect();
                let missing = format_args!("certificate profile {name:?}");
                return Err(Problem::not_found(
                    missing,
                    "List them: GET /api/v1/certificate-profiles, or phonebox ca profile list",
                ));
            }
            profile.certificate_profile.clone_from(name);
            told.push(format!("certificate_profile={name}"));
        }
        Ok(told)
    }
}
