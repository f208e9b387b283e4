//! Users are removed: one, or several together.

use super::{User, another};
use crate::db::{Db, Tx};
use crate::users::Actor;
use crate::users::directory::store;
use crate::users::keys;
use crate::web::{Json, Problem, Result};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, post};

/// Remove a user; their access ends at once
#[utoipa::path(tag = "users", responses((status = 204)))]
#[delete("/users/{id}")]
pub async fn remove(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| remove_one(tx, &actor, *id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn remove_one(tx: &Tx, actor: &Actor, id: i64) -> Result<()> {
    let user = another(tx, actor, id)?;
    store::remove(tx, user.id)?;
    // Programs go on with them: whoever removes the user hears that they are to be looked at.
    let detail = match keys::store::count_made_by(tx, user.account_id, &user.login)? {
        0 => user.account.clone(),
        1 => format!("{}: 1 API key of theirs stays", user.account),
        count => format!("{}: {count} API keys of theirs stay", user.account),
    };
    let sides = (Some(&user), None::<&User>);
    let inside = actor.inside(user.account_id);
    audit::store::write_change(tx, &inside, "user.remove", &user.login, sides, Some(detail), clock::now())?;
    Ok(())
}

/// Users that are removed together.
const MOST_REMOVED: usize = 500;

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// At least one.
    #[schema(min_items = 1, max_items = 500)]
    ids: Vec<i64>,
}

/// Remove several users: all of them or, where one may not be removed, none
#[utoipa::path(tag = "users", request_body = Chosen, responses((status = 204)))]
#[post("/users/remove")]
pub async fn remove_several(actor: Actor, db: Data<Db>, Json(body): Json<Chosen>) -> Result<HttpResponse> {
    let count = body.ids.len();
    if !(1..=MOST_REMOVED).contains(&count) {
        let message = format!("ids: {count} users are chosen, and 1 to {MOST_REMOVED} can be removed together.");
        return Err(Problem::bad_value(message, "Choose at least one."));
    }
    let ids: std::collections::BTreeSet<i64> = body.ids.into_iter().collect();
    db.write(move |tx| ids.iter().try_for_each(|id| remove_one(tx, &actor, *id))).await?;
    Ok(HttpResponse::NoContent().finish())
}
