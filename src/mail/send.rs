//! Speaks to the mail server.

use super::settings::{Security, Settings};
use super::{Page, body, settings, store};
use crate::db::{BOX_ACCOUNT, Db, Error};
use crate::seal::{Keyring, hex, sha256};
use crate::{alarms, clock, net};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// For each command and its answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// For all of it: somebody who answers a byte now and then keeps no other mail waiting.
const ALTOGETHER: Duration = Duration::from_secs(90);
const LOOK_UP: Duration = Duration::from_secs(5);
const MOST_ADDRESSES: usize = 4;
/// Tries of one mail after which whoever runs the box should look at the mail server.
const PATIENT_TRIES: i64 = 2;

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

/// Hands one mail to the server. `made_at`: of the same mail tried again it is the same, and with it what readers know a
/// mail by (RFC 5322, 3.6.4).
pub async fn send(
    settings: &Settings,
    page: &Page,
    made_at: i64,
    to: &str,
    subject: &str,
    text: &str,
) -> Result<(), NotSent> {
    let work = async {
        let never = |error: &dyn std::fmt::Display| NotSent { words: error.to_string(), for_good: true };
        let from: Mailbox = settings.from.parse().map_err(|error| never(&error))?;
        let hash = hex(&sha256(format!("{made_at} {to} {subject} {text}").as_bytes()));
        let id = format!("<{}@{}>", hash.get(..32).unwrap_or_default(), from.email.domain());
        let builder = Message::builder()
            .message_id(Some(id))
            .from(from)
            .to(to.parse().map_err(|error| never(&error))?)
            .subject(super::line(subject));
        let message = body::of(builder, text, page).map_err(|error| never(&error))?;
        let mut last = NotSent::now(format!("{} has no address", settings.host));
        for address in addresses(settings).await? {
            match transport(settings, address)?.send(message.clone()).await {
                Ok(_) => return Ok(()),
                // Nobody is there: another of its addresses may be better. After a silence the mail may have been taken.
                Err(error)
                    if !(error.status().is_some() || error.is_response() || error.is_tls() || error.is_timeout()) =>
                {
                    last = NotSent::now(words(settings, &error));
                }
                // RFC 5321 §4.2.1: 5yz is a no for this mail; a login that is refused is one for all, and may be mended.
                Err(error) => {
                    let for_good =
                        error.is_permanent() && error.status().is_some_and(|code| u16::from(code) / 10 == 55);
                    return Err(NotSent { words: words(settings, &error), for_good });
                }
            }
        }
        Err(last)
    };
    let late = || {
        let Settings { host, port, .. } = settings;
        NotSent::now(format!("{host}:{port} did not take it in time. Try it again, or look at that mail server"))
    };
    tokio::time::timeout(ALTOGETHER, work).await.unwrap_or_else(|_| Err(late()))
}

/// Where the mail server is, looked up once: what is connected to is what was judged. Its usual place is this network or
/// this machine; addresses that are nobody's, or the ones a cloud answers its machines at, are none (T66).
async fn addresses(settings: &Settings) -> Result<Vec<SocketAddr>, NotSent> {
    let found = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((settings.host.as_str(), settings.port))).await;
    let found = found.map_err(|_| {
        NotSent::now(format!("nobody said in time where {} is. Look at this machine's name servers", settings.host))
    })?;
    let found = found
        .map_err(|error| NotSent::now(format!("{} is not found: {error}. Look at how it is spelled", settings.host)))?;
    let found: Vec<SocketAddr> = found.take(MOST_ADDRESSES).collect();
    match found.iter().find(|address| !may_be(address.ip())) {
        Some(address) => Err(NotSent::now(format!("{} can be no mail server's address", address.ip()))),
        None => Ok(found),
    }
}

pub fn may_be(address: IpAddr) -> bool {
    match net::unmap(address) {
        IpAddr::V4(v4) => !(v4.is_link_local() || v4.is_multicast() || v4.octets()[0] == 0 || v4.octets()[0] >= 240),
        IpAddr::V6(v6) => {
            !(v6.is_unicast_link_local() || v6.is_multicast() || v6.is_unspecified())
                && (net::is_public(address) || net::is_private(address))
        }
    }
}

fn transport(settings: &Settings, address: SocketAddr) -> Result<AsyncSmtpTransport<Tokio1Executor>, NotSent> {
    // The name is what the certificate must be of, whatever address it has today.
    let tls = || TlsParameters::new(settings.host.clone()).map_err(|error| NotSent::now(words(settings, &error)));
    let tls = match settings.security {
        Security::Starttls => Tls::Required(tls()?),
        Security::Tls => Tls::Wrapper(tls()?),
        Security::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
        .port(address.port())
        .tls(tls)
        .timeout(Some(PATIENCE));
    if let Some(user) = &settings.user {
        let password = settings.password.as_ref().map(|password| password.reveal().to_owned());
        builder = builder.credentials(Credentials::new(user.clone(), password.unwrap_or_default()));
    }
    Ok(builder.build())
}

/// Which mail server, what went wrong, and what to look at. What something that is no mail server answers is not passed on.
fn words(settings: &Settings, error: &lettre::transport::smtp::Error) -> String {
    let place = format!("{}:{}", settings.host, settings.port);
    if error.is_response() {
        return format!("{place} does not answer like a mail server. Look at host, port and security");
    }
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !causes.iter().any(|known: &String| known.contains(&more)) {
            causes.push(more);
        }
        cause = inner.source();
    }
    let said = causes.join(": ");
    let said = match error.status() {
        Some(code) => format!("{place} says {code} {said}").trim_end().to_owned(),
        None if said.is_empty() => format!("{place}: {error}"),
        None => format!("{place}: {said}"),
    };
    let next = if error.status().is_some_and(|code| u16::from(code) / 10 == 53) {
        "Look at user and password"
    } else if error.status().is_some() {
        return said;
    } else if error.is_tls() {
        "Look at security, the port, and the name and issuer of its certificate"
    } else if error.is_client() {
        "Look at security, user and password: it does not offer what they want"
    } else {
        "Look at host, port and security, and whether it runs"
    };
    format!("{said}. {next}")
}

/// What the alarm about the mail server itself is about.
const SERVER: &str = "mail server";

/// Sends what is due, one after the other. True: something was.
pub async fn next(db: &Db, keys: &Keyring, page: &Page, now: i64) -> Result<bool, Error> {
    let Some((mail, text)) = db.read(|conn| store::due(conn, keys, now))? else { return Ok(false) };
    let outcome = match db.read(|conn| settings::load(conn, keys))? {
        Some(settings) => send(&settings, page, mail.created_at, &mail.recipient, &mail.subject, &text).await,
        None => Err(NotSent::now("no mail server is set")),
    };
    let now = clock::now();
    db.write(move |tx| match outcome {
        Ok(()) => {
            alarms::store::close_in(tx, mail.account_id, "mail", &mail.recipient, now)?;
            alarms::store::close_kind(tx, "mail", SERVER, now)?;
            alarms::store::close_kind(tx, "mail", &store::queue_of(mail.account_id), now)?;
            store::sent(tx, mail.id, now)
        }
        Err(NotSent { words, for_good }) => {
            tracing::warn!(mail = mail.id, error = %words, "a mail was not sent");
            if store::not_sent(tx, mail.id, &words, for_good, now)? {
                let text =
                    format!("A mail to this address was given up: {}. See phonebox mail queue", super::line(&words));
                alarms::store::raise(tx, mail.account_id, "mail", &mail.recipient, &text, now)?;
            }
            // Mails of other accounts wait where whoever can mend the mail server does not see them.
            if !for_good && mail.attempts + 1 >= PATIENT_TRIES {
                let text = format!("Mails wait: {}. See phonebox mail test", super::line(&words));
                alarms::store::raise(tx, BOX_ACCOUNT, "mail", SERVER, &text, now)?;
            }
            Ok(())
        }
    })
    .await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::may_be;

    #[test]
    fn threat_066_a_mail_server_is_on_this_network_or_in_the_world_and_nowhere_else() {
        for text in
            ["127.0.0.1", "10.0.0.1", "192.168.1.1", "9.9.9.9", "::1", "fd00::1", "2620:fe::fe", "::ffff:10.0.0.1"]
        {
            assert!(may_be(text.parse().unwrap()), "{text}");
        }
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "ff02::1",
            "::ffff:169.254.169.254",
            "::ffff:0.0.0.0",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
        ] {
            assert!(!may_be(text.parse().unwrap()), "{text}");
        }
    }
}
