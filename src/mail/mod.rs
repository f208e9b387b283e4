//! Mails on their way out: queued with what they are about, sent by one task, tried again, and shown until they are gone.
//! Nothing is lost in silence: what cannot be sent for a day raises an alarm.
//!
//! RFC 5321 and 5322, by lettre over rustls. A mail's texts may come from strangers (a display name, a file's name); they
//! stand in headers only after [`line()`].

pub mod api;
mod body;
pub mod send;
pub mod settings;
pub mod store;

use crate::net::Mac;
use crate::notify::{Kind, kinds, store::Event};
use crate::web::Problem;
use lettre::message::Mailbox;
use std::sync::Arc;

/// A mail before it is queued.
#[derive(Debug, Clone)]
pub struct Letter {
    pub account_id: i64,
    pub kind: String,
    pub recipient: String,
    pub subject: String,
    /// Plain text. It may hold a link that opens something: it is sealed in the queue.
    pub body: String,
}

impl Letter {
    pub fn of_event(event: &Event, page: &Page, recipient: String) -> Letter {
        let at = crate::clock::shown(event.at);
        let place = match event.object.parse::<Mac>() {
            Ok(mac) => Some(format!("/devices/{mac}")),
            Err(_) if event.kind == Kind::Alarm.word() => Some("/alarms".to_owned()),
            Err(_) => None,
        };
        let link = place.and_then(|path| page.link(&path)).map(|url| format!("\n{url}\n")).unwrap_or_default();
        Letter {
            account_id: event.account_id,
            kind: event.kind.clone(),
            recipient,
            subject: format!("{}: {}", subject(event), event.object),
            body: format!("{}\n\n{}\n{at}\n{link}", event.text, event.object),
        }
    }
}

/// Somebody who asks for something is no alarm to who reads it.
fn subject(event: &Event) -> &'static str {
    let data: serde_json::Value = serde_json::from_str(&event.data).unwrap_or_default();
    match data.get("alarm").and_then(serde_json::Value::as_str) {
        Some("sign-up") => "Somebody asks for an account",
        Some("api-access" | "switching") => "An account asks for a service",
        Some("password-forgotten") => "Somebody asks for a new password",
        _ => kinds::subject(&event.kind),
    }
}

/// Where the page is for people: `https://phones.company.example`, as somebody has said; else where this machine is when
/// it is asked. No request is believed.
#[derive(Clone, Default)]
pub struct Page {
    said: Option<String>,
    own: Option<Own>,
}

type Own = Arc<dyn Fn() -> Option<String> + Send + Sync>;

impl Page {
    pub fn at(url: Option<String>) -> Page {
        Page { said: url, own: None }
    }

    /// For where nobody has said it.
    pub fn or_at(self, own: impl Fn() -> Option<String> + Send + Sync + 'static) -> Page {
        Page { own: Some(Arc::new(own)), ..self }
    }

    pub fn said(&self) -> Option<&str> {
        self.said.as_deref()
    }

    pub fn link(&self, path: &str) -> Option<String> {
        let page = self.said.clone().or_else(|| self.own.as_ref()?())?;
        Some(format!("{}{path}", page.trim_end_matches('/')))
    }
}

/// One line: what would end a header is a blank.
pub fn line(text: &str) -> String {
    let short = text.chars().take(200);
    short.map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// Whose mails they are: an address, or one in <> with the name in front that people see.
pub fn mailbox(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let parts = text.strip_suffix('>').and_then(|text| text.split_once('<'));
    let parts = parts.map(|(name, email)| (name.trim().trim_matches('"'), email));
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().count() <= 100 && !name.chars().any(|c| c.is_control() || "\"\\<>".contains(c))
    };
    let Some((name, email)) = parts.filter(|(name, _)| is_name(name)) else { return address(field, text) };
    let email = address(field, email)?;
    let written = email.parse().map(|email| Mailbox::new(Some(name.to_owned()), email).to_string());
    // It is read again for each mail.
    match written.ok().filter(|written| written.parse::<Mailbox>().is_ok_and(|read| read.name.as_deref() == Some(name)))
    {
        Some(written) => Ok(written),
        None => address(field, text),
    }
}

/// An address as it may stand in a header and in a command, or why not.
pub fn address(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let plain = text.len() <= 254 && text.is_ascii() && !text.contains(|c: char| c.is_control() || c.is_whitespace());
    match text.parse::<lettre::Address>() {
        Ok(address) if plain => Ok(address.to_string()),
        _ => {
            let shown: String = text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            let message = format!("{field}: {shown:?} is not accepted: it is no mail address.");
            Err(Problem::bad_value(message, "Write it like somebody@company.example"))
        }
    }
}
