//! Networks over REST: what phones may do by where they come from.

use super::{Network, Policy, Unknown, store};
use crate::db::{Connection, Db, Touch};
use crate::net::{Cidr, CidrError};
use crate::users::Actor;
use crate::web::{Json, Problem, Result};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, put};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct NetworkView {
    /// In CIDR notation.
    #[schema(example = "192.168.10.0/24")]
    network: String,
    /// Known, active devices get settings here.
    settings: bool,
    /// What a device nobody added gets here.
    unknown: Unknown,
    /// Every request here needs credentials.
    ask: bool,
}

impl From<&Network> for NetworkView {
    fn from(network: &Network) -> NetworkView {
        let Policy { settings, unknown, ask } = network.policy;
        NetworkView { network: network.cidr.to_string(), settings, unknown, ask }
    }
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyInput {
    #[serde(default = "yes")]
    settings: bool,
    #[serde(default = "refuse")]
    unknown: Unknown,
    #[serde(default)]
    ask: bool,
}

fn yes() -> bool {
    true
}

fn refuse() -> Unknown {
    Unknown::Refuse
}

/// List the networks. Those not listed: private ones get settings, others nothing; unknown devices are refused
#[utoipa::path(tag = "networks", responses((status = 200, body = Vec<NetworkView>)))]
#[get("/networks")]
async fn list(actor: Actor, db: Data<Db>) -> Result<Json<Vec<NetworkView>>> {
    let networks = db.read_long(move |conn| store::all(conn).map_err(Problem::from)).await?;
    let own = networks.iter().filter(|network| network.account_id == actor.account_id);
    Ok(Json(own.map(NetworkView::from).collect()))
}

/// Make a network's policy, or replace it
#[utoipa::path(tag = "networks", params(("address" = String, Path), ("prefix" = u8, Path)), request_body = PolicyInput,
    responses((status = 200, body = NetworkView)))]
#[put("/networks/{address}/{prefix}")]
async fn set(
    actor: Actor,
    db: Data<Db>,
    path: Path<(String, String)>,
    Json(body): Json<PolicyInput>,
) -> Result<Json<NetworkView>> {
    let cidr = cidr(&format!("{}/{}", path.0, path.1))?;
    let policy = Policy { settings: body.settings, unknown: body.unknown, ask: body.ask };
    db.write(move |tx| {
        let now = clock::now();
        let before = one(tx, &actor, cidr)?;
        store::put(tx, actor.account_id, cidr, policy)?;
        tx.touch(Touch::Shared);
        let detail = format!("settings={} unknown={} ask={}", policy.settings, policy.unknown.word(), policy.ask);
        let after = one(tx, &actor, cidr)?;
        audit::write_change(tx, &actor, "network.set", cidr, (before.as_ref(), after.as_ref()), Some(detail), now)?;
        Ok::<_, Problem>(())
    })
    .await?;
    let PolicyInput { settings, unknown, ask } = body;
    Ok(Json(NetworkView { network: cidr.to_string(), settings, unknown, ask }))
}

/// Take a network off the list
#[utoipa::path(tag = "networks", params(("address" = String, Path), ("prefix" = u8, Path)), responses((status = 204)))]
#[delete("/networks/{address}/{prefix}")]
async fn remove(actor: Actor, db: Data<Db>, path: Path<(String, String)>) -> Result<HttpResponse> {
    let cidr = cidr(&format!("{}/{}", path.0, path.1))?;
    db.write(move |tx| {
        let before = one(tx, &actor, cidr)?;
        if !store::remove(tx, actor.account_id, cidr)? {
            return Err(Problem::not_found(
                format_args!("network {cidr}"),
                "List them: GET /api/v1/networks, or phonebox network list",
            ));
        }
        let now = clock::now();
        tx.touch(Touch::Shared);
        audit::write_change(tx, &actor, "network.remove", cidr, (before.as_ref(), None::<&NetworkView>), None, now)?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn one(conn: &Connection, actor: &Actor, cidr: Cidr) -> Result<Option<NetworkView>> {
    let networks = store::all(conn)?;
    let found = networks.iter().find(|network| network.account_id == actor.account_id && network.cidr == cidr);
    Ok(found.map(NetworkView::from))
}

/// A network as it is stored: without host bits.
pub fn cidr(text: &str) -> Result<Cidr> {
    let cidr: Cidr = text.parse().map_err(|error: CidrError| {
        Problem::bad_value(format!("{error}."), "Write it like 192.168.10.0/24 or fd00::/8.")
    })?;
    Ok(cidr.network())
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(set).service(remove);
}
