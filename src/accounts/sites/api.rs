//! Sites of an account over REST. What a site is and may be is said once: [`crate::sites::api`].

use crate::accounts::api::{customers_only, load};
use crate::db::{Connection, Db};
use crate::profiles;
use crate::seal::Keyring;
use crate::sites::api::{AddSite, ChangeSite, add_one, change_one, list_of, remove_one};
use crate::sites::store::Site;
use crate::users::Actor;
use crate::web::json::{created, double};
use crate::web::{Json, Page, Paging, Problem, Query, Result};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post, put};

/// Sites that get a profile in one request.
const MOST: usize = 1_000;

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Pages {
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileOfSites {
    sites: Vec<String>,
    /// Null takes it away: no device of these sites is provisioned then.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>, required = true)]
    profile: Option<Option<String>>,
}

/// The same person in the account `id`, which is its own or below.
fn within(conn: &Connection, actor: &Actor, id: i64) -> Result<Actor> {
    let account = load(conn, actor, id)?;
    Ok(Actor { account_id: account.id, limited: None, ..actor.clone() })
}

/// To change something: customers only.
fn customer(conn: &Connection, actor: &Actor, id: i64) -> Result<Actor> {
    customers_only(&load(conn, actor, id)?)?;
    within(conn, actor, id)
}

/// List the sites of an account
#[utoipa::path(tag = "accounts", params(Pages), responses((status = 200, body = Page<Site>)))]
#[get("/accounts/{id}/sites")]
async fn list_sites(actor: Actor, db: Data<Db>, id: Path<i64>, Query(query): Query<Pages>) -> Result<Json<Page<Site>>> {
    let paging = Paging::<String>::new(query.after.as_deref(), query.limit)?;
    let sites = db.read_long(move |conn| list_of(conn, &within(conn, &actor, *id)?, &paging)).await?;
    Ok(Json(sites))
}

/// List the profiles that the sites of an account may have
#[utoipa::path(tag = "accounts", responses((status = 200, body = Vec<String>)))]
#[get("/accounts/{id}/profiles")]
async fn list_profiles(actor: Actor, db: Data<Db>, id: Path<i64>) -> Result<Json<Vec<String>>> {
    let names = db.read(|conn| {
        let inside = within(conn, &actor, *id)?;
        Ok::<_, Problem>(profiles::store::names(conn, inside.account_id)?)
    })?;
    Ok(Json(names))
}

/// Add a site to a customer
#[utoipa::path(tag = "accounts", request_body = AddSite, responses((status = 201, body = Site)))]
#[post("/accounts/{id}/sites")]
async fn add_site(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    id: Path<i64>,
    Json(body): Json<AddSite>,
) -> Result<HttpResponse> {
    let site = db
        .write(move |tx| {
            let inside = customer(tx, &actor, *id)?;
            add_one(tx, &keys, &inside, &body)
        })
        .await?;
    Ok(created(site))
}

/// Give several sites of a customer one profile; all or none
#[utoipa::path(tag = "accounts", request_body = ProfileOfSites, responses((status = 200, body = [Site])))]
#[post("/accounts/{id}/site-profiles")]
async fn give_profile(
    actor: Actor,
    db: Data<Db>,
    id: Path<i64>,
    Json(body): Json<ProfileOfSites>,
) -> Result<Json<Vec<Site>>> {
    if body.sites.len() > MOST {
        let message = format!("{} sites are too many at once: {MOST} is the most.", body.sites.len());
        return Err(Problem::bad_value(message, "Send them in several requests."));
    }
    let sites = db
        .write(move |tx| {
            let inside = customer(tx, &actor, *id)?;
            let given = ChangeSite::profile(body.profile.flatten());
            body.sites.iter().map(|name| change_one(tx, &inside, name, &given)).collect::<Result<Vec<_>>>()
        })
        .await?;
    Ok(Json(sites))
}

/// Change a site of a customer
#[utoipa::path(tag = "accounts", request_body = ChangeSite, responses((status = 200, body = Site)))]
#[put("/accounts/{id}/sites/{name}")]
async fn change_site(
    actor: Actor,
    db: Data<Db>,
    place: Path<(i64, String)>,
    Json(body): Json<ChangeSite>,
) -> Result<Json<Site>> {
    let (id, name) = place.into_inner();
    let site = db
        .write(move |tx| {
            let inside = customer(tx, &actor, id)?;
            change_one(tx, &inside, &name, &body)
        })
        .await?;
    Ok(Json(site))
}

/// Remove a site of a customer
#[utoipa::path(tag = "accounts", responses((status = 204)))]
#[delete("/accounts/{id}/sites/{name}")]
async fn remove_site(actor: Actor, db: Data<Db>, place: Path<(i64, String)>) -> Result<HttpResponse> {
    let (id, name) = place.into_inner();
    db.write(move |tx| {
        let inside = customer(tx, &actor, id)?;
        remove_one(tx, &inside, &name)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list_sites).service(list_profiles).service(give_profile).service(add_site);
    config.service(change_site).service(remove_site);
}
