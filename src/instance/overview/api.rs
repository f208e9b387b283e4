//! The overview over REST.

use crate::db::{Connection, long};
use crate::devices;
use crate::devices::count::Counts;
use crate::devices::roll::Roll;
use crate::provision::Pipeline;
use crate::users::{Actor, Permission};
use crate::web::{Json, Problem, Result};
use crate::{accounts, alarms, files, lines, profiles, sites};
use actix_web::{get, web::Data};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Overview {
    version: &'static str,
    /// What phones must be given: this box's addresses for them. Null: it does not listen there.
    http: Option<String>,
    https: Option<String>,
    /// Null: not this user's to see, as with every number below.
    devices: Option<Counts>,
    /// By which phones make calls.
    sip_accounts: Option<i64>,
    sites: Option<i64>,
    profiles: Option<i64>,
    files: Option<Vec<OfKind>>,
    /// Accounts below this one.
    accounts: Option<Below>,
    /// Open alarms.
    alarms: Option<i64>,
    alarm_kinds: Vec<OfKind>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct OfKind {
    kind: String,
    count: i64,
}

#[derive(Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Below {
    reseller: i64,
    customer: i64,
    /// Of both.
    disabled: i64,
}

/// How the box, its accounts, devices, profiles and files do, in numbers
#[utoipa::path(tag = "overview", responses((status = 200, body = Overview)))]
#[get("/overview")]
async fn overview(
    actor: Actor,
    roll: Data<Roll>,
    lines: Data<lines::count::Count>,
    pipeline: Data<Pipeline>,
) -> Result<Json<Overview>> {
    let origin = pipeline.usual_origin();
    let (http, https) = (origin.http.as_deref().map(str::to_owned), origin.https.as_deref().map(str::to_owned));
    let counted = long(move |awaited| {
        let may_count = actor.permissions.has(Permission::DeviceRead);
        let devices = some(may_count, || roll.counts(awaited, actor.account_id, actor.limited))?;
        let may_count = may_count && actor.limited.is_none();
        let sip_accounts = some(may_count, || lines.of(roll.db(), awaited, actor.account_id))?;
        let numbers = roll.db().read_while(awaited, |conn| numbers(conn, &actor, devices))?;
        Ok::<_, Problem>(Overview { sip_accounts, ..numbers })
    });
    let mut overview = counted.await?;
    (overview.http, overview.https) = (http, https);
    Ok(Json(overview))
}

fn numbers(conn: &Connection, actor: &Actor, mut counts: Option<Counts>) -> Result<Overview> {
    let (account_id, limited) = (actor.account_id, actor.limited);
    let may = |permission| actor.permissions.has(permission);
    // Who sees a part of the account has no part in what is about the whole of it.
    let may_whole = |permission| limited.is_none() && may(permission);
    let alarm_kinds = match may_whole(Permission::AlarmRead) {
        true => Some(of_kinds(alarms::store::open_kinds(conn, account_id)?)),
        false => None,
    };
    if let Some(counts) = counts.as_mut().filter(|_| may_whole(Permission::NetworkRead)) {
        counts.waiting = Some(devices::count::store::waiting(conn, account_id)?);
    }
    Ok(Overview {
        version: env!("CARGO_PKG_VERSION"),
        http: None,
        https: None,
        devices: counts,
        sip_accounts: None,
        sites: some(may(Permission::SiteRead), || sites::store::count(conn, account_id, limited))?,
        profiles: some(may(Permission::ProfileRead), || profiles::store::count(conn, account_id, limited))?,
        files: some(may_whole(Permission::FileRead), || files::store::kinds(conn, account_id).map(of_kinds))?,
        accounts: some(may_whole(Permission::AccountRead), || below(conn, account_id))?,
        alarms: alarm_kinds.as_ref().map(|kinds: &Vec<OfKind>| kinds.iter().map(|one| one.count).sum()),
        alarm_kinds: alarm_kinds.unwrap_or_default(),
    })
}

fn some<T>(may: bool, read: impl FnOnce() -> crate::db::Result<T>) -> Result<Option<T>> {
    if may { read().map(Some).map_err(Problem::from) } else { Ok(None) }
}

fn of_kinds(rows: Vec<(String, i64)>) -> Vec<OfKind> {
    rows.into_iter().map(|(kind, count)| OfKind { kind, count }).collect()
}

fn below(conn: &Connection, account_id: i64) -> crate::db::Result<Below> {
    let mut below = Below::default();
    for (kind, enabled, count) in accounts::store::below(conn, account_id)? {
        match kind.as_str() {
            "reseller" => below.reseller += count,
            _ => below.customer += count,
        }
        below.disabled += if enabled { 0 } else { count };
    }
    Ok(below)
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(overview);
}
