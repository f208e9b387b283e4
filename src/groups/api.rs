//! Groups over REST.

use super::store::{self, Group};
use crate::db::{Db, Touch};
use crate::users::Actor;
use crate::web::json::created;
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, words};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupName {
    name: String,
}

/// List the groups
#[utoipa::path(tag = "groups", params(Filter), responses((status = 200, body = Page<Group>)))]
#[get("/groups")]
async fn list(actor: Actor, db: Data<Db>, Query(filter): Query<Filter>) -> Result<Json<Page<Group>>> {
    let paging = Paging::<String>::new(filter.after.as_deref(), filter.limit)?;
    let after = paging.after.clone().unwrap_or_default();
    let rows = paging.rows();
    let groups = db
        .read_long(move |conn| store::list(conn, actor.account_id, None, &after, rows).map_err(Problem::from))
        .await?;
    Ok(Json(paging.page(groups, |group| group.name.clone())))
}

/// Add a group
#[utoipa::path(tag = "groups", request_body = GroupName, responses((status = 201, body = Group)))]
#[post("/groups")]
async fn add(actor: Actor, db: Data<Db>, Json(body): Json<GroupName>) -> Result<HttpResponse> {
    let name = words::name("The group", &body.name)?;
    let group = db
        .write(move |tx| {
            refuse_taken(tx, &actor, &name)?;
            let now = clock::now();
            store::insert(tx, actor.account_id, &name, now)?;
            tx.touch(Touch::Shared);
            audit::store::write(tx, &actor, "group.add", &name, None, now)?;
            one(tx, &actor, &name)
        })
        .await?;
    Ok(created(group))
}

/// Show a group
#[utoipa::path(tag = "groups", responses((status = 200, body = Group)))]
#[get("/groups/{name}")]
async fn show(actor: Actor, db: Data<Db>, name: Path<String>) -> Result<Json<Group>> {
    Ok(Json(db.read_long(move |conn| one(conn, &actor, &name)).await?))
}

/// Rename a group
#[utoipa::path(tag = "groups", request_body = GroupName, responses((status = 200, body = Group)))]
#[patch("/groups/{name}")]
async fn change(actor: Actor, db: Data<Db>, name: Path<String>, Json(body): Json<GroupName>) -> Result<Json<Group>> {
    let new = words::name("The group", &body.name)?;
    let group = db
        .write(move |tx| {
            let id = store::id(tx, actor.account_id, &name)?.ok_or_else(|| missing(&name))?;
            if *name != new {
                refuse_taken(tx, &actor, &new)?;
                let now = clock::now();
                store::rename(tx, id, &new)?;
                tx.touch(Touch::Shared);
                audit::store::write(tx, &actor, "group.rename", &*name, Some(format!("now {new}")), now)?;
            }
            one(tx, &actor, &new)
        })
        .await?;
    Ok(Json(group))
}

/// Remove a group and its settings
#[utoipa::path(tag = "groups", responses((status = 204)))]
#[delete("/groups/{name}")]
async fn remove(actor: Actor, db: Data<Db>, name: Path<String>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let id = store::id(tx, actor.account_id, &name)?.ok_or_else(|| missing(&name))?;
        let group = one(tx, &actor, &name)?;
        if group.devices > 0 {
            let message = format!("The group \"{name}\" is still in use by {} devices.", group.devices);
            return Err(Problem::new(
                Code::InUse,
                message,
                "Take them out first: PATCH /api/v1/devices/MAC, or phonebox device set MAC --group \"\"",
            ));
        }
        let now = clock::now();
        store::remove(tx, id)?;
        tx.touch(Touch::Shared);
        audit::store::write(tx, &actor, "group.remove", &*name, None, now)?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn one(conn: &crate::db::Connection, actor: &Actor, name: &str) -> Result<Group> {
    store::list(conn, actor.account_id, Some(name), "", 1)?.pop().ok_or_else(|| missing(name))
}

pub fn missing(name: &str) -> Problem {
    Problem::not_found(format_args!("group {name:?}"), "List them: GET /api/v1/groups, or phonebox group list")
}

fn refuse_taken(conn: &crate::db::Connection, actor: &Actor, name: &str) -> Result<()> {
    match store::id(conn, actor.account_id, name)? {
        None => Ok(()),
        Some(_) => {
            Err(Problem::new(Code::Exists, format!("There is a group {name:?} already."), "Choose another name."))
        }
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(add).service(show).service(change).service(remove);
}
