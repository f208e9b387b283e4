//! Profiles: how devices are provisioned, what they must prove, and the targets they are sent to.

pub mod api;
pub mod store;
pub mod url;

use crate::settings::Secret;
pub use url::{TargetUrl, UrlError};

/// What a request has proved, weakest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    Anonymous,
    /// Comes from a private or listed network.
    Network,
    /// Comes from there inside the device's first-contact window.
    Window,
    /// Names the device's steady token or HTTP credentials, or an administrator bound its MAC to this network.
    Token,
    /// Holds the key of the device's certificate.
    Certificate,
}

impl Trust {
    pub fn word(self) -> &'static str {
        match self {
            Trust::Anonymous => "anonymous",
            Trust::Network => "network",
            Trust::Window => "window",
            Trust::Token => "token",
            Trust::Certificate => "certificate",
        }
    }

    pub fn parse(word: &str) -> Option<Trust> {
        [Trust::Anonymous, Trust::Network, Trust::Window, Trust::Token, Trust::Certificate]
            .into_iter()
            .find(|trust| trust.word() == word)
    }
}

#[derive(Debug, Clone)]
pub struct Profile {
    pub id: i64,
    pub account_id: i64,
    pub name: String,
    pub settings_trust: Trust,
    pub secrets_trust: Trust,
    pub secrets_tls_only: bool,
    pub secrets_over_tftp: bool,
    pub https: bool,
    pub keep_discovery: bool,
    pub redirect_302: bool,
    /// Give devices that can use one an identity certificate (AVA-100: off by default).
    pub certificates: bool,
    /// The name of the certificate profile that those are issued by.
    pub certificate_profile: String,
    pub updated_at: i64,
    /// In order; the first one counts unless a site or device names another.
    pub targets: Vec<Target>,
}

#[derive(Debug, Clone)]
pub struct Target {
    pub id: i64,
    pub position: i64,
    /// `None`: this box itself.
    pub url: Option<TargetUrl>,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub root_ca: Option<String>,
    pub phone_group: u16,
}

impl Target {
    /// What this box cannot do for another server: the phone group is the phone's own there, and no file may set it.
    pub fn instruction(&self) -> Option<String> {
        let outside = self.url.is_some() && self.phone_group != 0;
        outside.then(|| {
            format!(
                "phone group {}: the other server goes by the group that the phone itself has. Enter it in the phone's \
                 administration menu; this box cannot set it",
                self.phone_group
            )
        })
    }
}
