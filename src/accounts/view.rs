//! How an account looks from outside, and what may be said about it.

use super::Kind;
use crate::users::links::PasswordLink;
use crate::web::{Problem, Result, double, words};

const LINE: usize = 200;

/// What an account asks for (`requested`) and the one above grants: that its API keys work (AVA-168), that its users work
/// inside the accounts below (AVA-279).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    Off,
    /// The account asks for it.
    Requested,
    On,
}

impl Service {
    pub fn word(self) -> &'static str {
        match self {
            Service::Off => "off",
            Service::Requested => "requested",
            Service::On => "on",
        }
    }

    pub fn of_word(word: &str) -> Service {
        match word {
            "on" => Service::On,
            "requested" => Service::Requested,
            _ => Service::Off,
        }
    }
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct AccountView {
    pub id: i64,
    /// Eight digits: what people call it by.
    pub number: i64,
    #[schema(inline)]
    pub kind: Kind,
    pub name: String,
    /// The account it stands below; null: none that you may see.
    pub parent_id: Option<i64>,
    /// How far below your own: 0 is your own.
    pub depth: i64,
    pub enabled: bool,
    #[serde(flatten)]
    pub contact: Contact,
    /// The number somebody else knows a customer by.
    pub reference: Option<String>,
    /// By which others ask to be linked.
    pub link_id: Option<String>,
    /// All its users must show a code of an authenticator app.
    pub two_factor: bool,
    #[schema(inline)]
    pub api_access: Service,
    #[schema(inline)]
    pub switching: Service,
    /// Its devices are kept at the firmware they need.
    pub firmware_policy: bool,
    /// PEM: certificates below it log its users in.
    pub client_ca: Option<String>,
    /// There is a revocation list of client_ca: what is on it logs nobody in.
    pub client_ca_listed: bool,
    /// Certificates below the machine's public CAs log its users in, too.
    pub public_ca: bool,
    /// Accounts directly below.
    pub accounts: i64,
    pub users: i64,
    pub devices: i64,
    pub created_by: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Whom to call.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Contact {
    pub contact: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub country: Option<String>,
    pub remark: Option<String>,
}

#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAccount {
    #[schema(inline)]
    pub kind: Kind,
    pub name: String,
    /// The account it stands below; absent: yours.
    pub parent_id: Option<i64>,
    pub contact: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub country: Option<String>,
    pub remark: Option<String>,
    /// Digits only. A customer's.
    pub reference: Option<String>,
    /// A provider's or reseller's.
    pub link_id: Option<String>,
    #[serde(default)]
    pub two_factor: bool,
    /// Its first user, who may do everything in it. Without one nobody logs in.
    pub administrator: Option<Administrator>,
}

#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Administrator {
    pub name: String,
    pub email: String,
    /// Absent: the e-mail address.
    pub login: Option<String>,
    /// A language of the page, with or without a region: `de`, `de-AT`. Absent: English.
    #[schema(pattern = "^([Ee][Nn]|[Dd][Ee])(-[A-Za-z0-9]{1,8})*$")]
    pub locale: Option<String>,
}

/// A new account, and how its first user gets in.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct MadeAccount {
    #[serde(flatten)]
    pub account: AccountView,
    /// To hand over to the first user where no mail server is set.
    pub link: Option<PasswordLink>,
}

impl AddAccount {
    pub fn contact(&self) -> Result<Contact> {
        let some = |text: &Option<String>| text.clone().map(Some);
        let mut contact = Contact::default();
        let change = ChangeAccount {
            contact: some(&self.contact),
            phone: some(&self.phone),
            email: some(&self.email),
            address: some(&self.address),
            country: some(&self.country),
            remark: some(&self.remark),
            ..ChangeAccount::default()
        };
        change.lay_over(&mut contact)?;
        Ok(contact)
    }
}

#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeAccount {
    pub name: Option<String>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub contact: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub address: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub country: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub remark: Option<Option<String>>,
    /// Digits only. A customer's, said from above.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub reference: Option<Option<String>>,
    /// A provider's or reseller's.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub link_id: Option<Option<String>>,
    pub two_factor: Option<bool>,
    #[schema(inline)]
    pub api_access: Option<Service>,
    #[schema(inline)]
    pub switching: Option<Service>,
    /// Why what was asked for is declined.
    pub reason: Option<String>,
    /// Said from above.
    pub firmware_policy: Option<bool>,
    /// PEM; null takes it away.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub client_ca: Option<Option<String>>,
    /// The revocation list of client_ca, PEM; null takes it away, and so does another client_ca.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub client_ca_list: Option<Option<String>>,
    pub public_ca: Option<bool>,
}

impl ChangeAccount {
    /// Answers the names of what was said.
    pub fn lay_over(&self, contact: &mut Contact) -> Result<Vec<&'static str>> {
        let mut told = Vec::new();
        let fields = [
            ("contact", &self.contact, &mut contact.contact),
            ("phone", &self.phone, &mut contact.phone),
            ("address", &self.address, &mut contact.address),
            ("country", &self.country, &mut contact.country),
            ("remark", &self.remark, &mut contact.remark),
        ];
        for (name, said, field) in fields {
            if let Some(said) = said {
                *field = words::line(name, said.as_deref().unwrap_or_default(), LINE)?;
                told.push(name);
            }
        }
        if let Some(email) = &self.email {
            let email = email.as_deref().map(str::trim).filter(|email| !email.is_empty());
            contact.email = email.map(words::email).transpose()?;
            told.push("email");
        }
        Ok(told)
    }
}

/// AVA-029: digits only.
pub fn reference(text: &str) -> Result<Option<String>> {
    let text = words::line("reference", text, 32)?;
    match text.as_deref().filter(|text| !text.bytes().all(|byte| byte.is_ascii_digit())) {
        None => Ok(text),
        Some(odd) => Err(Problem::bad_value(
            format!("reference: {odd:?} is not accepted: it must be a number."),
            "Write digits only.",
        )),
    }
}

/// AVA-029, AVA-130, AVA-134: customers have a number, providers and resellers are linked by an id. What an account has
/// from before may stay as it is.
pub fn refuse_misfit(kind: Kind, reference: Option<&str>, link_id: Option<&str>) -> Result<()> {
    let message = match (kind, reference, link_id) {
        (Kind::Customer, _, Some(_)) => "link_id: a customer account has none: it is for providers and resellers.",
        (Kind::Provider | Kind::Reseller, Some(_), _) => "reference: only a customer account has one.",
        _ => return Ok(()),
    };
    Err(Problem::bad_value(message, "Leave it out."))
}

pub fn link_id(text: &str) -> Result<Option<String>> {
    let text = words::line("link_id", text, 64)?;
    match text
        .as_deref()
        .filter(|text| !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)))
    {
        None => Ok(text),
        Some(odd) => Err(Problem::bad_value(
            format!("link_id: {odd:?} is not accepted: it is made of letters, digits, dots and dashes."),
            "Correct it and send it again.",
        )),
    }
}
