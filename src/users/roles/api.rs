//! Roles and their groups over REST.

use super::store::{self, Role, RoleGroup};
use crate::db::{Connection, Db, Tx};
use crate::sites;
use crate::users::directory::{must_hold, parse, refuse_box};
use crate::users::{Actor, Permissions};
use crate::web::json::{created, double};
use crate::web::{Code, Json, Problem, Result, words};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

/// The group that roles are in when nobody says so.
const DEFAULT_GROUP: i64 = 1;

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddRole {
    name: String,
    /// Absent: the default group.
    group_id: Option<i64>,
    #[serde(default)]
    #[schema(value_type = Vec<crate::users::Permission>)]
    permissions: Vec<String>,
    /// The only sites its users work with; absent: all of the account.
    sites: Option<Vec<String>>,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeRole {
    name: Option<String>,
    group_id: Option<i64>,
    #[schema(value_type = Option<Vec<crate::users::Permission>>)]
    permissions: Option<Vec<String>>,
    /// Null: all sites of the account.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<Vec<String>>)]
    sites: Option<Option<Vec<String>>>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleGroupName {
    name: String,
}

/// List the roles
#[utoipa::path(tag = "roles", responses((status = 200, body = [Role])))]
#[get("/roles")]
async fn list(actor: Actor, db: Data<Db>) -> Result<Json<Vec<Role>>> {
    Ok(Json(db.read(|conn| store::list(conn, actor.account_id, None))?))
}

/// Show a role
#[utoipa::path(tag = "roles", responses((status = 200, body = Role)))]
#[get("/roles/{id}")]
async fn show(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<Role>> {
    Ok(Json(db.read(|conn| of_account(conn, actor.account_id, *id))?))
}

/// Add a role
#[utoipa::path(tag = "roles", request_body = AddRole, responses((status = 201, body = Role)))]
#[post("/roles")]
async fn add(actor: Actor, db: Data<Db>, Json(body): Json<AddRole>) -> Result<HttpResponse> {
    let name = words::name("The role", &body.name)?;
    let permissions = parse(&body.permissions)?;
    let role = db
        .write(move |tx| {
            must_hold(&actor, actor.account_id, permissions)?;
            refuse_box(actor.account_id, permissions)?;
            let group_id = group(tx, &actor, body.group_id.unwrap_or(DEFAULT_GROUP))?.id;
            refuse_taken(store::role_named(tx, actor.account_id, &name)?, "role", &name)?;
            let now = clock::now();
            let id = store::insert(tx, actor.account_id, group_id, &name, now)?;
            store::set_permissions(tx, id, permissions)?;
            store::set_sites(tx, id, site_ids(tx, &actor, body.sites.as_deref())?.as_deref())?;
            let role = of_account(tx, actor.account_id, id)?;
            let sides = (None::<&Role>, Some(&role));
            audit::store::write_change(tx, &actor, "role.add", &name, sides, Some(permissions.words().join(" ")), now)?;
            Ok::<_, Problem>(role)
        })
        .await?;
    Ok(created(role))
}

/// Change a role; its users log in again
#[utoipa::path(tag = "roles", request_body = ChangeRole, responses((status = 200, body = Role)))]
#[patch("/roles/{id}")]
async fn change(actor: Actor, db: Data<Db>, id: Path<i64>, Json(body): Json<ChangeRole>) -> Result<Json<Role>> {
    let permissions = body.permissions.as_deref().map(parse).transpose()?;
    let role = db
        .write(move |tx| {
            let mut role = own(tx, &actor, *id)?;
            let before = role.clone();
            if let Some(name) = &body.name {
                let name = words::name("The role", name)?;
                let taken = store::role_named(tx, actor.account_id, &name)?.filter(|other| *other != role.id);
                refuse_taken(taken, "role", &name)?;
                role.name = name;
            }
            if let Some(group_id) = body.group_id {
                role.group_id = group(tx, &actor, group_id)?.id;
            }
            store::update(tx, role.id, role.group_id, &role.name)?;
            let mut told = String::new();
            if let Some(permissions) = permissions {
                must_hold(&actor, actor.account_id, permissions)?;
                refuse_box(actor.account_id, permissions)?;
                store::set_permissions(tx, role.id, permissions)?;
                told = permissions.words().join(" ");
            }
            if let Some(sites) = &body.sites {
                store::set_sites(tx, role.id, site_ids(tx, &actor, sites.as_deref())?.as_deref())?;
            }
            if permissions.is_some() || body.sites.is_some() {
                store::end_sessions(tx, role.id)?;
            }
            let after = of_account(tx, actor.account_id, role.id)?;
            let sides = (Some(&before), Some(&after));
            audit::store::write_change(tx, &actor, "role.set", &role.name, sides, Some(told), clock::now())?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(role))
}

/// Remove a role that nobody has
#[utoipa::path(tag = "roles", responses((status = 204)))]
#[delete("/roles/{id}")]
async fn remove(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let role = own(tx, &actor, *id)?;
        if role.users > 0 {
            let message = format!("The role {:?} is still in use by {} users.", role.name, role.users);
            return Err(Problem::new(Code::InUse, message, "Give them another one first."));
        }
        store::remove(tx, role.id)?;
        let sides = (Some(&role), None::<&Role>);
        audit::store::write_change(tx, &actor, "role.remove", &role.name, sides, None, clock::now())?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List the groups of roles
#[utoipa::path(tag = "role-groups", responses((status = 200, body = [RoleGroup])))]
#[get("/role-groups")]
async fn list_groups(actor: Actor, db: Data<Db>) -> Result<Json<Vec<RoleGroup>>> {
    Ok(Json(db.read(|conn| store::groups(conn, actor.account_id, None))?))
}

/// Add a group of roles
#[utoipa::path(tag = "role-groups", request_body = RoleGroupName, responses((status = 201, body = RoleGroup)))]
#[post("/role-groups")]
async fn add_group(actor: Actor, db: Data<Db>, Json(body): Json<RoleGroupName>) -> Result<HttpResponse> {
    let name = words::name("The group of roles", &body.name)?;
    let made = db
        .write(move |tx| {
            refuse_taken(store::group_named(tx, actor.account_id, &name)?, "group of roles", &name)?;
            let id = store::add_group(tx, actor.account_id, &name)?;
            audit::store::write(tx, &actor, "role-group.add", &name, None, clock::now())?;
            group(tx, &actor, id)
        })
        .await?;
    Ok(created(made))
}

/// Rename a group of roles
#[utoipa::path(tag = "role-groups", request_body = RoleGroupName, responses((status = 200, body = RoleGroup)))]
#[patch("/role-groups/{id}")]
async fn rename_group(
    actor: Actor,
    db: Data<Db>,
    id: Path<i64>,
    Json(body): Json<RoleGroupName>,
) -> Result<Json<RoleGroup>> {
    let name = words::name("The group of roles", &body.name)?;
    let group = db
        .write(move |tx| {
            let old = own_group(tx, &actor, *id)?;
            let taken = store::group_named(tx, actor.account_id, &name)?.filter(|other| *other != old.id);
            refuse_taken(taken, "group of roles", &name)?;
            store::rename_group(tx, old.id, &name)?;
            audit::store::write(tx, &actor, "role-group.set", &old.name, Some(format!("name={name}")), clock::now())?;
            group(tx, &actor, old.id)
        })
        .await?;
    Ok(Json(group))
}

/// Remove a group that holds no role
#[utoipa::path(tag = "role-groups", responses((status = 204)))]
#[delete("/role-groups/{id}")]
async fn remove_group(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let group = own_group(tx, &actor, *id)?;
        if group.roles > 0 {
            let message = format!("The group {:?} still holds {} roles.", group.name, group.roles);
            return Err(Problem::new(Code::InUse, message, "Move or remove them first."));
        }
        store::remove_group(tx, group.id)?;
        audit::store::write(tx, &actor, "role-group.remove", &group.name, None, clock::now())?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A role that users of an account may have.
pub fn of_account(conn: &Connection, account_id: i64, id: i64) -> Result<Role> {
    let missing = || Problem::not_found("such role", "List them: GET /api/v1/roles");
    store::list(conn, account_id, Some(id))?.pop().ok_or_else(missing)
}

/// One that can be changed, by somebody who may do what it allows.
fn own(conn: &Connection, actor: &Actor, id: i64) -> Result<Role> {
    let role = of_account(conn, actor.account_id, id)?;
    if role.built_in {
        return Err(came_with_the_box(&role.name));
    }
    let allowed: Permissions = parse(&role.permissions)?;
    must_hold(actor, actor.account_id, allowed)?;
    Ok(role)
}

fn group(conn: &Connection, actor: &Actor, id: i64) -> Result<RoleGroup> {
    let missing = || Problem::not_found("such group of roles", "List them: GET /api/v1/role-groups");
    store::groups(conn, actor.account_id, Some(id))?.pop().ok_or_else(missing)
}

fn own_group(conn: &Connection, actor: &Actor, id: i64) -> Result<RoleGroup> {
    let group = group(conn, actor, id)?;
    if group.built_in { Err(came_with_the_box(&group.name)) } else { Ok(group) }
}

fn came_with_the_box(name: &str) -> Problem {
    let message = format!("{name:?} came with the box and cannot be changed.");
    Problem::new(Code::Forbidden, message, "Make one of your own.")
}

fn site_ids(tx: &Tx, actor: &Actor, names: Option<&[String]>) -> Result<Option<Vec<i64>>> {
    names.map(|names| names.iter().map(|name| sites::api::id(tx, actor, name)).collect()).transpose()
}

fn refuse_taken(taken: Option<i64>, what: &str, name: &str) -> Result<()> {
    match taken {
        None => Ok(()),
        Some(_) => {
            Err(Problem::new(Code::Exists, format!("There is a {what} {name:?} already."), "Choose another name."))
        }
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(show).service(add).service(change).service(remove);
    config.service(list_groups).service(add_group).service(rename_group).service(remove_group);
}
