//! Profiles and their targets over REST. A password inside a target's URL is taken out of it, sealed and never shown.

use super::store::{self, NewTarget};
use super::{Profile, Target, Trust, url};
use crate::db::{Connection, Db, Touch, Tx};
use crate::notify::{self, Kind};
use crate::seal::Keyring;
use crate::settings::Secret;
use crate::users::{Actor, data};
use crate::web::json::{created, double};
use crate::web::{Code, Json, Problem, Result, words};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

/// Highest phone group of a target (AVA-119).
const MAX_GROUP: u16 = 999;
const MAX_TARGETS: usize = 32;
const MAX_PEM: usize = 64 * 1024;

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
    updated_at: i64,
    /// In order; the first one counts.
    targets: Vec<TargetView>,
    sites: i64,
    /// Devices that name this profile themselves.
    devices: i64,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct TargetView {
    position: i64,
    /// Null: this box itself.
    url: Option<String>,
    username: Option<String>,
    /// The password itself is never shown.
    password_set: bool,
    /// PEM.
    root_ca: Option<String>,
    phone_group: u16,
    /// What somebody has to do, because this box cannot: enter the phone group in an Avaya phone that another server serves.
    instruction: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Least trust for settings: network, window, token or certificate.
    settings_trust: Option<Trust>,
    /// Least trust for secrets: window, token or certificate.
    secrets_trust: Option<Trust>,
    /// Secrets only over HTTPS.
    secrets_tls_only: Option<bool>,
    secrets_over_tftp: Option<bool>,
    /// Give HTTPS URLs to devices that have completed an HTTPS request here.
    https: Option<bool>,
    /// Leave DHCP and PnP discovery switched on in the phone.
    keep_discovery: Option<bool>,
    /// Experimental: answer with HTTP 302 instead of a small file.
    redirect_302: Option<bool>,
    /// Give devices that can use one an identity certificate of this box.
    certificates: Option<bool>,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddProfile {
    name: String,
    #[serde(default)]
    options: Options,
    /// Absent or empty: this box itself.
    #[serde(default)]
    targets: Vec<TargetInput>,
}

impl AddProfile {
    /// With the standard settings: this box itself.
    pub fn named(name: &str) -> AddProfile {
        AddProfile { name: name.to_owned(), ..AddProfile::default() }
    }
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProfile {
    name: Option<String>,
    #[serde(default)]
    options: Options,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TargetInput {
    /// Null: this box itself. User and password may stand in it; they are taken out.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    url: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    username: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>, write_only)]
    password: Option<Option<String>>,
    /// PEM of the certificate authority that signed the target's certificate.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    root_ca: Option<Option<String>>,
    /// 0 to 999.
    #[schema(maximum = 999)]
    phone_group: Option<u16>,
}

/// List the profiles
#[utoipa::path(tag = "profiles", responses((status = 200, body = Vec<ProfileView>)))]
#[get("/profiles")]
async fn list(actor: Actor, db: Data<Db>, keys: Data<Keyring>) -> Result<Json<Vec<ProfileView>>> {
    let profiles = db
        .read_long(move |conn| {
            let own = store::all(conn, &keys)?.into_iter().filter(|profile| profile.account_id == actor.account_id);
            let mut seen = Vec::new();
            for profile in own {
                if data::sees(conn, &actor, profile.id, data::store::sees_profile)? {
                    seen.push(view(conn, profile)?);
                }
            }
            Ok::<_, Problem>(seen)
        })
        .await?;
    Ok(Json(profiles))
}

/// Add a profile
#[utoipa::path(tag = "profiles", request_body = AddProfile, responses((status = 201, body = ProfileView)))]
#[post("/profiles")]
async fn add(actor: Actor, db: Data<Db>, keys: Data<Keyring>, Json(body): Json<AddProfile>) -> Result<HttpResponse> {
    let (_, profile) = db.write(move |tx| make(tx, &keys, &actor, body)).await?;
    Ok(created(profile))
}

/// Also from where a site is added (AVA-136).
pub fn make(tx: &mut Tx, keys: &Keyring, actor: &Actor, body: AddProfile) -> Result<(i64, ProfileView)> {
    let name = words::name("The profile", &body.name)?;
    if body.targets.len() > MAX_TARGETS {
        return Err(too_many());
    }
    refuse_taken(tx, actor, &name)?;
    let now = clock::now();
    let id = store::insert(tx, actor.account_id, &name, now)?;
    if let Some(user_id) = actor.limited {
        data::store::made_profile(tx, user_id, id)?;
    }
    let mut profile = load(tx, keys, actor, &name)?;
    body.options.apply(&mut profile)?;
    store::update(tx, &profile, now)?;
    let targets = if body.targets.is_empty() { vec![TargetInput::default()] } else { body.targets };
    for target in targets {
        let target = target.applied(None)?;
        store::put_target(tx, keys, actor.account_id, id, None, &target)?;
    }
    tx.touch(Touch::Shared);
    let added = view(tx, load(tx, keys, actor, &name)?)?;
    audit::write_change(tx, actor, "profile.add", &name, (None::<&ProfileView>, Some(&added)), None, now)?;
    Ok((id, added))
}

/// Show a profile
#[utoipa::path(tag = "profiles", responses((status = 200, body = ProfileView)))]
#[get("/profiles/{name}")]
async fn show(actor: Actor, db: Data<Db>, keys: Data<Keyring>, name: Path<String>) -> Result<Json<ProfileView>> {
    Ok(Json(db.read_long(move |conn| view(conn, load(conn, &keys, &actor, &name)?)).await?))
}

/// Change a profile. Devices already enrolled elsewhere learn it at their next enrolment
#[utoipa::path(tag = "profiles", request_body = ChangeProfile, responses((status = 200, body = ProfileView)))]
#[patch("/profiles/{name}")]
async fn change(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    name: Path<String>,
    Json(body): Json<ChangeProfile>,
) -> Result<Json<ProfileView>> {
    let new = body.name.as_deref().map(|name| words::name("The profile", name)).transpose()?;
    let profile = db
        .write(move |tx| {
            let mut profile = load(tx, &keys, &actor, &name)?;
            let before = view(tx, profile.clone())?;
            let mut told = body.options.apply(&mut profile)?;
            if let Some(new) = new.filter(|new| *new != *name) {
                refuse_taken(tx, &actor, &new)?;
                told.push(format!("name={new}"));
                profile.name = new;
            }
            if !told.is_empty() {
                let now = clock::now();
                store::update(tx, &profile, now)?;
                tx.touch(Touch::Shared);
                let after = view(tx, profile.clone())?;
                let sides = (Some(&before), Some(&after));
                audit::write_change(tx, &actor, "profile.set", &*name, sides, Some(told.join(" ")), now)?;
            }
            view(tx, load(tx, &keys, &actor, &profile.name)?)
        })
        .await?;
    Ok(Json(profile))
}

/// Remove a profile, its targets and settings
#[utoipa::path(tag = "profiles", responses((status = 204)))]
#[delete("/profiles/{name}")]
async fn remove(actor: Actor, db: Data<Db>, keys: Data<Keyring>, name: Path<String>) -> Result<HttpResponse> {
    db.write(move |tx| {
        let id = id(tx, &actor, &name)?;
        let before = view(tx, load(tx, &keys, &actor, &name)?)?;
        let (sites, devices) = store::users(tx, id)?;
        if sites + devices > 0 {
            let message = format!("The profile {:?} is still in use by {sites} sites and {devices} devices.", *name);
            let next = "Give them another one first: phonebox site set SITE --profile NAME";
            return Err(Problem::new(Code::InUse, message, next));
        }
        let now = clock::now();
        store::remove(tx, id)?;
        tx.touch(Touch::Shared);
        audit::write_change(tx, &actor, "profile.remove", &*name, (Some(&before), None::<&ProfileView>), None, now)?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Add a target at the end of a profile's list
#[utoipa::path(tag = "profiles", request_body = TargetInput, responses((status = 201, body = ProfileView)))]
#[post("/profiles/{name}/targets")]
async fn add_target(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    name: Path<String>,
    Json(body): Json<TargetInput>,
) -> Result<HttpResponse> {
    let target = body.applied(None)?;
    let profile = db
        .write(move |tx| {
            let profile = load(tx, &keys, &actor, &name)?;
            if profile.targets.len() >= MAX_TARGETS {
                return Err(too_many());
            }
            store::put_target(tx, &keys, actor.account_id, profile.id, None, &target)?;
            changed(tx, &actor, &keys, profile, "profile.target.add", shown(&target))
        })
        .await?;
    Ok(created(profile))
}

/// Change a target
#[utoipa::path(tag = "profiles", request_body = TargetInput, responses((status = 200, body = ProfileView)))]
#[patch("/profiles/{name}/targets/{position}")]
async fn change_target(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    path: Path<(String, i64)>,
    Json(body): Json<TargetInput>,
) -> Result<Json<ProfileView>> {
    let profile = db
        .write(move |tx| {
            let profile = load(tx, &keys, &actor, &path.0)?;
            let old = find(&profile, path.1)?;
            let id = old.id;
            let target = body.applied(Some(old))?;
            store::put_target(tx, &keys, actor.account_id, profile.id, Some(id), &target)?;
            changed(tx, &actor, &keys, profile, "profile.target.set", shown(&target))
        })
        .await?;
    Ok(Json(profile))
}

/// Remove a target
#[utoipa::path(tag = "profiles", responses((status = 200, body = ProfileView)))]
#[delete("/profiles/{name}/targets/{position}")]
async fn remove_target(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    path: Path<(String, i64)>,
) -> Result<Json<ProfileView>> {
    let profile = db
        .write(move |tx| {
            let profile = load(tx, &keys, &actor, &path.0)?;
            let id = find(&profile, path.1)?.id;
            if profile.targets.len() == 1 {
                let message = format!("Target {} is the only one of the profile {:?}.", path.1, profile.name);
                let next = "Change it, or add another one first: phonebox profile target add NAME --url URL";
                return Err(Problem::new(Code::InUse, message, next));
            }
            store::remove_target(tx, id)?;
            changed(tx, &actor, &keys, profile, "profile.target.remove", format!("target {}", path.1))
        })
        .await?;
    Ok(Json(profile))
}

fn changed(
    tx: &mut Tx,
    actor: &Actor,
    keys: &Keyring,
    profile: Profile,
    action: &str,
    detail: String,
) -> Result<ProfileView> {
    let now = clock::now();
    let name = profile.name.clone();
    store::update(tx, &profile, now)?;
    tx.touch(Touch::Shared);
    let (before, after) = (view(tx, profile)?, view(tx, load(tx, keys, actor, &name)?)?);
    audit::write_change(tx, actor, action, &name, (Some(&before), Some(&after)), Some(detail), now)?;
    let urls = |view: &ProfileView| view.targets.iter().map(|target| target.url.clone()).collect::<Vec<_>>();
    // AVA-060.
    if urls(&before) != urls(&after) {
        let text = format!("{} changed the provisioning URLs of the profile {name}.", actor.name);
        let data =
            serde_json::json!({ "profile": name, "before": urls(&before), "after": urls(&after), "by": *actor.name });
        notify::tell(tx, actor.account_id, Kind::ProvisioningChanged, &name, &text, &data, now)?;
    }
    Ok(after)
}

impl Options {
    /// What changed, for the audit log.
    fn apply(&self, profile: &mut Profile) -> Result<Vec<String>> {
        let mut told = Vec::new();
        if let Some(trust) = self.settings_trust {
            if trust == Trust::Anonymous {
                return Err(Problem::bad_value(
                    "settings_trust: \"anonymous\" is not accepted: the least is network.",
                    "Choose network, window, token or certificate.",
                ));
            }
            profile.settings_trust = trust;
            told.push(format!("settings_trust={}", trust.word()));
        }
        if let Some(trust) = self.secrets_trust {
            if trust < Trust::Window {
                let message = format!("secrets_trust: {:?} is not accepted: the least is window.", trust.word());
                return Err(Problem::bad_value(message, "Choose window, token or certificate."));
            }
            profile.secrets_trust = trust;
            told.push(format!("secrets_trust={}", trust.word()));
        }
        let flags = [
            ("secrets_tls_only", self.secrets_tls_only, &mut profile.secrets_tls_only),
            ("secrets_over_tftp", self.secrets_over_tftp, &mut profile.secrets_over_tftp),
            ("https", self.https, &mut profile.https),
            ("keep_discovery", self.keep_discovery, &mut profile.keep_discovery),
            ("redirect_302", self.redirect_302, &mut profile.redirect_302),
            ("certificates", self.certificates, &mut profile.certificates),
        ];
        for (name, wanted, place) in flags {
            if let Some(wanted) = wanted {
                *place = wanted;
                told.push(format!("{name}={wanted}"));
            }
        }
        Ok(told)
    }
}

impl TargetInput {
    /// Checks it and lays it over the target there is.
    fn applied(self, old: Option<&Target>) -> Result<NewTarget> {
        let mut new = NewTarget {
            url: old.and_then(|old| old.url.clone()),
            username: old.and_then(|old| old.username.clone()),
            password: old.and_then(|old| old.password.clone()),
            root_ca: old.and_then(|old| old.root_ca.clone()),
            phone_group: old.map_or(0, |old| old.phone_group),
        };
        if let Some(text) = self.url {
            let parsed = text.as_deref().map(url::parse).transpose()?;
            if let Some(parsed) = &parsed
                && parsed.username.is_some()
            {
                new.username.clone_from(&parsed.username);
                new.password.clone_from(&parsed.password);
            }
            new.url = parsed.map(|parsed| parsed.url);
        }
        if let Some(username) = self.username {
            new.username = username.as_deref().map(|text| words::line("username", text, 128)).transpose()?.flatten();
        }
        if let Some(password) = self.password {
            if password.as_ref().is_some_and(|text| text.len() > 256 || text.chars().any(char::is_control)) {
                return Err(Problem::bad_value(
                    "password: it is longer than 256 bytes or holds a control character.",
                    "Choose another one.",
                ));
            }
            new.password = password.filter(|text| !text.is_empty()).map(Secret::new);
        }
        if let Some(root_ca) = self.root_ca {
            new.root_ca = root_ca.map(check_pem).transpose()?;
        }
        if let Some(group) = self.phone_group {
            if group > MAX_GROUP {
                let message = format!("phone_group: {group} is not accepted: it goes from 0 to {MAX_GROUP}.");
                return Err(Problem::bad_value(message, "Choose a number from 0 to 999."));
            }
            new.phone_group = group;
        }
        if new.url.is_none() && (new.username.is_some() || new.password.is_some() || new.root_ca.is_some()) {
            return Err(Problem::bad_value(
                "A target without a URL is this box itself: it takes no user, password or root certificate.",
                "Give a URL, or leave these out.",
            ));
        }
        Ok(new)
    }
}

fn check_pem(text: String) -> Result<String> {
    let refuse = |rule: &str| {
        let next = "Give the PEM file of the authority that signed the server's certificate.";
        Err(Problem::bad_value(format!("root_ca: it is not accepted: {rule}."), next))
    };
    if text.len() > MAX_PEM {
        return refuse("it is larger than 64 KiB");
    }
    let mut count = 0;
    for block in x509_parser::pem::Pem::iter_from_buffer(text.as_bytes()) {
        match block {
            Ok(block) if block.label == "CERTIFICATE" && block.parse_x509().is_ok() => count += 1,
            Ok(block) if block.label.contains("PRIVATE KEY") => return refuse("it holds a private key"),
            _ => return refuse("it is no X.509 certificate in PEM form"),
        }
    }
    if count == 0 { refuse("it is no X.509 certificate in PEM form") } else { Ok(text) }
}

fn shown(target: &NewTarget) -> String {
    let url = target.url.as_ref().map_or_else(|| "this box".to_owned(), ToString::to_string);
    format!("url={url} phone_group={}", target.phone_group)
}

fn view(conn: &Connection, profile: Profile) -> Result<ProfileView> {
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
        updated_at: profile.updated_at,
        targets: profile.targets.into_iter().map(target).collect(),
        sites,
        devices,
    })
}

fn load(conn: &Connection, keys: &Keyring, actor: &Actor, name: &str) -> Result<Profile> {
    let id = id(conn, actor, name)?;
    store::all(conn, keys)?.into_iter().find(|profile| profile.id == id).ok_or_else(|| missing(name))
}

fn find(profile: &Profile, position: i64) -> Result<&Target> {
    profile.targets.iter().find(|target| target.position == position).ok_or_else(|| {
        let next = format!("List them: phonebox profile target list {:?}", profile.name);
        Problem::not_found(format_args!("target {position} in the profile {:?}", profile.name), next)
    })
}

/// For bodies that name a profile.
pub fn id(conn: &Connection, actor: &Actor, name: &str) -> Result<i64> {
    let id = store::id(conn, actor.account_id, name)?.ok_or_else(|| missing(name))?;
    if data::sees(conn, actor, id, data::store::sees_profile)? { Ok(id) } else { Err(missing(name)) }
}

fn missing(name: &str) -> Problem {
    Problem::not_found(format_args!("profile {name:?}"), "List them: phonebox profile list")
}

fn too_many() -> Problem {
    Problem::bad_value(format!("A profile has at most {MAX_TARGETS} targets."), "Make another profile.")
}

fn refuse_taken(conn: &Connection, actor: &Actor, name: &str) -> Result<()> {
    let next = "Choose another name.";
    match store::id(conn, actor.account_id, name)? {
        None => Ok(()),
        Some(_) => Err(Problem::new(Code::Exists, format!("There is a profile {name:?} already."), next)),
    }
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(add).service(show).service(change).service(remove);
    config.service(add_target).service(change_target).service(remove_target);
}
