//! Handing devices down and taking them back.

use super::store;
use crate::accounts::api::below;
use crate::accounts::view::AccountView;
use crate::ca::Lazy;
use crate::db::{Db, Tx};
use crate::devices::Window;
use crate::devices::api::{let_one_in, missing};
use crate::net::Mac;
use crate::seal::Keyring;
use crate::users::Actor;
use crate::web::{Json, Problem, Result, words};
use crate::{audit, clock, notify};
use actix_web::post;
use actix_web::web::{Data, Path};

/// Devices of one request.
const MOST: usize = 1_000;

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Macs {
    macs: Vec<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Moved {
    devices: usize,
}

impl Macs {
    fn checked(&self) -> Result<Vec<crate::net::Mac>> {
        if self.macs.len() > MOST {
            let message = format!("{} devices are too many at once: {MOST} is the most.", self.macs.len());
            return Err(Problem::bad_value(message, "Send them in several requests."));
        }
        self.macs.iter().map(|mac| words::mac(mac)).collect()
    }
}

/// Hand devices of yours down to an account below, with their lines and settings; all or none
#[utoipa::path(tag = "accounts", request_body = Macs, responses((status = 200, body = Moved)))]
#[post("/accounts/{id}/devices")]
async fn hand_down(actor: Actor, db: Data<Db>, id: Path<i64>, Json(body): Json<Macs>) -> Result<Json<Moved>> {
    let macs = body.checked()?;
    let moved = db
        .write(move |tx| {
            let account = below(tx, &actor, *id)?;
            let now = clock::now();
            for mac in &macs {
                if !store::hand_down(tx, *mac, actor.account_id, account.id, now)? {
                    return Err(missing(*mac));
                }
                audit::store::write(tx, &actor, "device.hand-down", mac, Some(account.name.clone()), now)?;
            }
            associated(tx, &actor, &account, &macs, now)?;
            Ok(macs.len())
        })
        .await?;
    Ok(Json(Moved { devices: moved }))
}

/// Take devices back that you handed down: bare, with a new token; all or none
#[utoipa::path(tag = "accounts", request_body = Macs, responses((status = 200, body = Moved)))]
#[post("/accounts/{id}/devices/take-back")]
async fn take_back(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    ca: Data<Lazy>,
    id: Path<i64>,
    Json(body): Json<Macs>,
) -> Result<Json<Moved>> {
    let macs = body.checked()?;
    let by = actor.name.clone();
    let macs = db
        .write(move |tx| {
            let account = below(tx, &actor, *id)?;
            let now = clock::now();
            for mac in &macs {
                if !store::returns(tx, *mac, account.id, actor.account_id)? {
                    return Err(missing(*mac));
                }
                let_one_in(tx, &keys, Window(0), *mac, now)?;
                store::give_back(tx, *mac, actor.account_id, now)?;
                audit::store::write(tx, &actor, "device.take-back", mac, Some(account.name.clone()), now)?;
            }
            Ok::<_, Problem>(macs)
        })
        .await?;
    ca.let_go(&macs, &by, clock::now()).await?;
    Ok(Json(Moved { devices: macs.len() }))
}

/// AVA-062: those who have them now hear of it.
fn associated(tx: &Tx, actor: &Actor, account: &AccountView, macs: &[Mac], now: i64) -> Result<()> {
    let object = match macs {
        [] => return Ok(()),
        [mac] => mac.to_string(),
        macs => format!("{} devices", macs.len()),
    };
    let text = format!("{} gave the account {} {object}.", actor.name, account.name);
    let data = serde_json::json!({ "macs": macs, "account": account.number, "by": *actor.name });
    Ok(notify::tell(tx, account.id, notify::Kind::DeviceAssociated, &object, &text, &data, now)?)
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(hand_down).service(take_back);
}
