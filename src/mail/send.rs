//! Speaks to the mail server.

use super::settings::{Security, Settings};
use super::{settings, store};
use crate::alarms;
use crate::clock;
use crate::db::{Db, Error};
use crate::seal::Keyring;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

/// For each command and its answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a mail did not go, in words; and whether it will never go.
#[derive(Debug)]
pub struct NotSent {
    pub words: String,
    pub for_good: bool,
}

impl NotSent {
    fn now(words: impl ToString) -> NotSent {
        NotSent { words: words.to_string(), for_good: false }
    }
}

/// Hands one mail to the server.
pub async fn send(settings: &Settings, to: &str, subject: &str, body: &str) -> Result<(), NotSent> {
    let never = |error: &dyn std::fmt::Display| NotSent { words: error.to_string(), for_good: true };
    let message = Message::builder()
        .from(settings.from.parse().map_err(|error| never(&error))?)
        .to(to.parse().map_err(|error| never(&error))?)
        .subject(super::line(subject))
        .header(ContentType::TEXT_PLAIN)
        .body(body.to_owned())
        .map_err(|error| never(&error))?;
    let transport = transport(settings)?;
    match transport.send(message).await {
        Ok(_) => Ok(()),
        // RFC 5321 §4.2.1: 5yz is a no for this mail; a login that is refused is one for all, and may be mended.
        Err(error) => {
            let words = words(&error);
            let refused = error.is_permanent() && error.status().is_some_and(|code| u16::from(code) / 10 == 55);
            Err(NotSent { words, for_good: refused })
        }
    }
}

fn transport(settings: &Settings) -> Result<AsyncSmtpTransport<Tokio1Executor>, NotSent> {
    let tls = || TlsParameters::new(settings.host.clone()).map_err(|error| NotSent::now(words(&error)));
    let tls = match settings.security {
        Security::Starttls => Tls::Required(tls()?),
        Security::Tls => Tls::Wrapper(tls()?),
        Security::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
        .port(settings.port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    if let Some(user) = &settings.user {
        let password = settings.password.as_ref().map(|password| password.reveal().to_owned());
        builder = builder.credentials(Credentials::new(user.clone(), password.unwrap_or_default()));
    }
    Ok(builder.build())
}

/// An error with what caused it: the first alone says "network error".
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = inner.source();
    }
    words
}

/// Sends what is due, one after the other. True: something was.
pub async fn next(db: &Db, keys: &Keyring, now: i64) -> Result<bool, Error> {
    let Some((mail, body)) = db.read(|conn| store::due(conn, keys, now))? else { return Ok(false) };
    let outcome = match db.read(|conn| settings::load(conn, keys))? {
        Some(settings) => send(&settings, &mail.recipient, &mail.subject, &body).await,
        None => Err(NotSent::now("no mail server is set")),
    };
    let now = clock::now();
    db.write(move |tx| match outcome {
        Ok(()) => {
            alarms::store::close_kind(tx, "mail", &mail.recipient, now)?;
            store::sent(tx, mail.id, now)
        }
        Err(NotSent { words, for_good }) => {
            tracing::warn!(mail = mail.id, error = %words, "a mail was not sent");
            if store::not_sent(tx, mail.id, &words, for_good, now)? {
                let text =
                    format!("A mail to this address was given up: {}. See phonebox mail queue", super::line(&words));
                alarms::store::raise(tx, mail.account_id, "mail", &mail.recipient, &text, now)?;
            }
            Ok(())
        }
    })
    .await?;
    Ok(true)
}
