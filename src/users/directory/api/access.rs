//! What lets a user in or keeps them out: freezing, the link for a new password, the second factor.

use super::{User, another, load};
use crate::db::Db;
use crate::seal::Keyring;
use crate::users::directory::store;
use crate::users::links::{self, Address, Handed, Purpose};
use crate::users::{Actor, session, totp};
use crate::web::{Json, Problem, Result};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{delete, post};

/// Shut a user out until unfrozen
#[utoipa::path(tag = "users", responses((status = 200, body = User)))]
#[post("/users/{id}/freeze")]
pub async fn freeze(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<User>> {
    set_frozen(actor, &db, *id, true).await
}

/// Let a frozen user log in again
#[utoipa::path(tag = "users", responses((status = 200, body = User)))]
#[post("/users/{id}/unfreeze")]
pub async fn unfreeze(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<User>> {
    set_frozen(actor, &db, *id, false).await
}

async fn set_frozen(actor: Actor, db: &Db, id: i64, frozen: bool) -> Result<Json<User>> {
    let user = db
        .write(move |tx| {
            let user = another(tx, &actor, id)?;
            let now = clock::now();
            store::set_frozen(tx, id, frozen, now)?;
            session::store::end_all(tx, id, None)?;
            let action = if frozen { "user.freeze" } else { "user.unfreeze" };
            let after = load(tx, &actor, id)?;
            let (inside, sides) = (actor.inside(user.account_id), (Some(&user), Some(&after)));
            audit::store::write_change(tx, &inside, action, &user.login, sides, None, now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(user))
}

/// Make a link with which a user chooses a new password
#[utoipa::path(tag = "users", responses((status = 200, body = Handed)))]
#[post("/users/{id}/password-link")]
pub async fn password_link(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    address: Data<Address>,
    id: Path<i64>,
) -> Result<Json<Handed>> {
    let handed = db
        .write(move |tx| {
            let user = another(tx, &actor, *id)?;
            let now = clock::now();
            let purpose = if user.state == "invited" { Purpose::Activate } else { Purpose::Reset };
            audit::store::write(tx, &actor.inside(user.account_id), "user.password-link", &user.login, None, now)?;
            links::hand_over(tx, &keys, &address, user.id, purpose, now)
        })
        .await?;
    Ok(Json(handed))
}

/// Take a user's lost authenticator app away
#[utoipa::path(tag = "users", responses((status = 200, body = User)))]
#[delete("/users/{id}/totp")]
pub async fn remove_totp(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<User>> {
    let user = db
        .write(move |tx| {
            let user = another(tx, &actor, *id)?;
            totp::store::end(tx, user.id)?;
            session::store::end_all(tx, user.id, None)?;
            audit::store::write(tx, &actor.inside(user.account_id), "totp.remove", &user.login, None, clock::now())?;
            load(tx, &actor, user.id)
        })
        .await?;
    Ok(Json(user))
}
