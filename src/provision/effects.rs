//! Step 6: what a grant or refusal must leave behind, in one transaction, before any byte leaves.

use super::authorize::Effect;
use crate::alarms;
use crate::ca;
use crate::db::{Db, Error, Tx};
use crate::devices::seen::store as seen;
use crate::net::Mac;
use std::net::IpAddr;

pub struct Context {
    pub account_id: i64,
    pub mac: Mac,
    pub peer: IpAddr,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub now: i64,
}

pub async fn commit(db: &Db, effects: Vec<Effect>, context: Context) -> Result<(), Error> {
    db.write(move |tx| apply_all(tx, &effects, &context)).await
}

pub fn apply_all(tx: &mut Tx, effects: &[Effect], context: &Context) -> Result<(), Error> {
    effects.iter().try_for_each(|effect| apply(tx, *effect, context))
}

fn apply(tx: &mut Tx, effect: Effect, context: &Context) -> Result<(), Error> {
    let (mac, now) = (context.mac, context.now);
    let tell = |tx: &Tx, kind: &str, text: &str| {
        alarms::store::raise(tx, context.account_id, kind, &mac.to_string(), text, now).map(drop)
    };
    match effect {
        Effect::Queue => {
            let (vendor, model) = (context.vendor.as_deref(), context.model.as_deref());
            seen::queue(tx, context.account_id, mac, vendor, model, &context.peer.to_string(), now)
        }
        Effect::WindowUsed => seen::window_used(tx, mac, &context.peer.to_string()),
        Effect::SecretsSent => seen::secrets_sent(tx, mac, now),
        Effect::ProofSeen(proof) => {
            alarms::store::close_kind(tx, "reset-suspected", &mac.to_string(), now)?;
            seen::proof_seen(tx, mac, proof, now)
        }
        Effect::TlsSeen => seen::tls_seen(tx, mac, now),
        Effect::TlsLost => seen::tls_lost(tx, mac, now),
        Effect::TlsState(state) => seen::tls_state(tx, mac, state),
        Effect::RootInForce => ca::store::note_root_in_force(tx, mac, now),
        Effect::Conflict => {
            tell(tx, "conflict", "Two addresses claim one MAC inside its first-contact window")?;
            seen::conflict(tx, mac, now)
        }
        Effect::ResetSuspected => {
            tell(tx, "reset-suspected", "A device that had proved itself came without its proof")?;
            seen::reset_suspected(tx, mac, now)
        }
    }
}
