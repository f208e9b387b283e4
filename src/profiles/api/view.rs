//! A profile as it is shown, and how handlers find it.

use crate::db::Connection;
use crate::profiles::{Profile, Target, Trust, store};
use crate::seal::Keyring;
use crate::users::{Actor, data};
use crate::web::{Problem, Result};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ProfileView {
    name: String,
    settings_trust: Trust,
    secrets_trust: Trust,
    secrets_tls_only: bool,
    secrets_over_tftp: bool,
    https: bool,
    keep_discovery: bool,
    redirect_302: bool,
    certificates: bool,
    certificate_profile: String,
    updated_at: i64,
    /// In order; the first one counts.
    pub(super) targets: Vec<TargetView>,
    sites: i64,
    /// Devices that name this profile themselves.
    devices: i64,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct TargetView {
    position: i64,
    /// Null: this box itself.
    pub(super) url: Option<String>,
    username: Option<String>,
    /// The password itself is never shown.
    password_set: bool,
    /// PEM.
    root_ca: Option<String>,
    phone_group: u16,
    /// What somebody has to do, because this box cannot: enter the phone group in an Avaya phone that another server serves.
    instruction: Option<String>,
}

pub(super) fn view(conn: &Connection, profile: Profile) -> Result<ProfileView> {
    let (sites, devices) = store::users(conn, profile.id)?;
    let target = |target: Target| TargetView {
        instruction: target.instruction(),
        position: target.position,
        url: target.url.map(|url| url.to_string()),
        username: target.username,
        password_set: target.password.is_some(),
        root_ca: target.root_ca,
        phone_group: target.phone_group,
    };
    Ok(ProfileView {
        name: profile.name,
        settings_trust: profile.settings_trust,
        secrets_trust: profile.secrets_trust,
        secrets_tls_only: profile.secrets_tls_only,
        secrets_over_tftp: profile.secrets_over_tftp,
        https: profile.https,
        keep_discovery: profile.keep_discovery,
        redirect_302: profile.redirect_302,
        certificates: profile.certificates,
        certificate_profile: profile.certificate_profile,
        updated_at: profile.updated_at,
        targets: profile.targets.into_iter().map(target).collect(),
        sites,
        devices,
    })
}

pub(super) fn load(conn: &Connection, keys: &Keyring, actor: &Actor, name: &str) -> Result<Profile> {
    let id = id(conn, actor, name)?;
    store::all(conn, keys)?.into_iter().find(|profile| profile.id == id).ok_or_else(|| missing(actor, name))
}

/// Where a profile itself is changed, or what all its phones have of it.
pub fn id_to_change(conn: &Connection, actor: &Actor, name: &str) -> Result<i64> {
    let id = id(conn, actor, name)?;
    data::must_have_all(conn, actor, id, data::store::has_all_of_profile, format_args!("The profile {name:?}"))?;
    Ok(id)
}

pub(super) fn load_to_change(conn: &Connection, keys: &Keyring, actor: &Actor, name: &str) -> Result<Profile> {
    id_to_change(conn, actor, name)?;
    load(conn, keys, actor, name)
}

/// For bodies that name a profile.
pub fn id(conn: &Connection, actor: &Actor, name: &str) -> Result<i64> {
    let id = store::id(conn, actor.account_id, name)?.ok_or_else(|| missing(actor, name))?;
    if data::sees(conn, actor, id, data::store::sees_profile)? { Ok(id) } else { Err(missing(actor, name)) }
}

fn missing(actor: &Actor, name: &str) -> Problem {
    let what = format_args!("profile {name:?}{}", data::within(actor));
    Problem::not_found(what, "List them: GET /api/v1/profiles, or phonebox profile list")
}
