//! Events for programs: each goes as signed JSON to the addresses that an account gave, is tried again with longer and
//! longer pauses, and is shown until it arrived or was given up.
//!
//! An address is a stranger's word. [`reach`] says which may be reached: never one of this network or this machine,
//! whatever its name resolves to, unless whoever runs the box allowed that network in its configuration.

pub mod api;
pub mod reach;
pub mod send;
pub mod store;

pub use reach::Reach;

use crate::notify::store::Event;
use aws_lc_rs::hmac;
use serde_json::{Value, json};

/// `t=SECONDS,v1=HEX`: HMAC-SHA-256 with the webhook's secret over the seconds, a dot and the body.
pub const SIGNATURE: &str = "Phonebox-Signature";

pub fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    format!("t={seconds},v1={}", crate::seal::hex(tag.as_ref()))
}

/// What a program gets. The id is the same at every try: who has it already takes no second one.
pub fn body(event: &Event) -> String {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let told = json!({
        "id": event.id, "kind": event.kind, "at": event.at, "object": event.object, "text": event.text, "data": data,
    });
    told.to_string()
}
