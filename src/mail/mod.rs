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
            subject: format!("{}: {}", kinds::subject(&event.kind), event.object),
            body: format!("{}\n\n{}\n{at}\n{link}", event.text, event.object),
        }
    }
}

/// Where the page is for people: `https://phones.company.example`. `None`: nobody said it, and no request is believed.
#[derive(Debug, Clone, Default)]
pub struct Page(pub Option<String>);

impl Page {
    pub fn link(&self, path: &str) -> Option<String> {
        self.0.as_ref().map(|page| format!("{}{path}", page.trim_end_matches('/')))
    }
}

/// One line: what would end a header is a blank.
pub fn line(text: &str) -> String {
    let short = text.chars().take(200);
    short.map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
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
