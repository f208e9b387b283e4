//! What people and programs want to be told of: one row of table `event`, written in the change's own transaction. From
//! there it goes to the account's mails ([`crate::mail`]) and webhooks ([`crate::webhooks`]), behind everybody's back.

pub mod api;
pub mod kinds;
pub mod store;

pub use kinds::{KINDS, Kind};
pub use store::tell;

use crate::db::{Db, Error, Tx};
use crate::seal::Keyring;
use crate::{alarms, mail, webhooks};

/// Makes mails and deliveries of what was not told yet. True: there is more.
pub async fn pass_on(db: &Db, keys: &Keyring, page: &mail::Page, now: i64) -> Result<bool, Error> {
    const AT_ONCE: u32 = 100;
    if db.read(|conn| store::untold(conn, 1))?.is_empty() {
        return Ok(false);
    }
    let (keys, page) = (keys.clone(), page.clone());
    db.write(move |tx| {
        let events = store::untold(tx, AT_ONCE)?;
        let by_mail = mail::settings::load(tx, &keys)?.is_some();
        for event in &events {
            if by_mail {
                for recipient in store::recipients(tx, event.account_id, &event.kind, &event.object)? {
                    let letter = mail::Letter::of_event(event, &page, recipient);
                    if !mail::store::queue(tx, &keys, &letter, now)? {
                        break;
                    }
                }
            }
            webhooks::store::deliver(tx, event, now)?;
            store::told(tx, event.id)?;
        }
        Ok(events.len() == AT_ONCE as usize)
    })
    .await
}

/// What is not kept is told, once.
pub(crate) fn full(tx: &Tx, account_id: i64, kind: &str, object: &str, now: i64) -> Result<(), Error> {
    let text =
        "Too much waits to be sent: what happens meanwhile is not told. Mend the way there, or give up what waits";
    alarms::store::raise(tx, account_id, kind, object, text, now).map(drop)
}
