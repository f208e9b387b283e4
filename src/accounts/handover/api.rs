//! Handing devices down and taking them back.

use super::store::{self, HandedDown};
use crate::accounts::api::{below, missing as no_account};
use crate::accounts::partners;
use crate::accounts::store::{self as accounts, AccountBrief};
use crate::ca::Lazy;
use crate::db::{Connection, Db, Tx};
use crate::devices::Window;
use crate::devices::api::{let_one_in, missing};
use crate::net::Mac;
use crate::seal::Keyring;
use crate::users::Actor;
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, words};
use crate::{audit, clock, notify};
use actix_web::web::{Data, Path};
use actix_web::{get, post};

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

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Pages {
    after: Option<String>,
    limit: Option<u32>,
}

/// An account that devices may be handed to: below, or a linked reseller.
fn taker(conn: &Connection, actor: &Actor, id: i64) -> Result<AccountBrief> {
    if id == actor.account_id {
        let message = "Devices are handed to another account: these are in yours.";
        return Err(Problem::new(Code::Forbidden, message, "Name an account below yours, or a linked one."));
    }
    if !partners::store::are_linked(conn, actor.account_id, id)? {
        below(conn, actor, id)?;
    }
    accounts::brief(conn, id)?.ok_or_else(no_account)
}

/// Another account, whatever became of the link: devices that are to return do return.
fn holder(conn: &Connection, actor: &Actor, id: i64) -> Result<AccountBrief> {
    if !store::has_any_of(conn, actor.account_id, id)? {
        return taker(conn, actor, id);
    }
    accounts::brief(conn, id)?.ok_or_else(no_account)
}

/// Devices that an account has from yours
#[utoipa::path(tag = "accounts", params(Pages), responses((status = 200, body = Page<HandedDown>)))]
#[get("/accounts/{id}/devices")]
async fn handed_down(
    actor: Actor,
    db: Data<Db>,
    id: Path<i64>,
    Query(query): Query<Pages>,
) -> Result<Json<Page<HandedDown>>> {
    let paging = Paging::<i64>::new(query.after.as_deref(), query.limit)?;
    let rows = db
        .read_long(move |conn| {
            if *id != actor.account_id {
                holder(conn, &actor, *id)?;
            }
            let after = paging.after.unwrap_or(-1);
            let rows = store::handed_down(conn, actor.account_id, *id, after, paging.rows())?;
            Ok::<_, Problem>(paging.page(rows, |device| device.number.to_string()))
        })
        .await?;
    Ok(Json(rows))
}

/// Hand devices of yours down to an account below, with their lines and settings; all or none
#[utoipa::path(tag = "accounts", request_body = Macs, responses((status = 200, body = Moved)))]
#[post("/accounts/{id}/devices")]
async fn hand_down(actor: Actor, db: Data<Db>, id: Path<i64>, Json(body): Json<Macs>) -> Result<Json<Moved>> {
    let macs = body.checked()?;
    let moved = db
        .write(move |tx| {
            let account = taker(tx, &actor, *id)?;
            let now = clock::now();
            for mac in &macs {
                if !store::hand_down(tx, *mac, actor.account_id, *id, now)? {
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
            let account = holder(tx, &actor, *id)?;
            let now = clock::now();
            for mac in &macs {
                if !store::returns(tx, *mac, *id, actor.account_id)? {
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
fn associated(tx: &Tx, actor: &Actor, account: &AccountBrief, macs: &[Mac], now: i64) -> Result<()> {
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
    config.service(handed_down).service(hand_down).service(take_back);
}
