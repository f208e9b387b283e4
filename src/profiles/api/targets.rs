//! Where a profile's phones are sent, over REST. A password inside a target's URL is taken out of it, sealed and never
//! shown.

use super::view::{ProfileView, load, load_to_change, view};
use crate::db::{Db, Touch, Tx};
use crate::notify::{self, Kind};
use crate::profiles::store::{self, NewTarget};
use crate::profiles::{Profile, Target, url};
use crate::seal::Keyring;
use crate::settings::Secret;
use crate::users::Actor;
use crate::web::json::{created, double};
use crate::web::{Code, Json, Problem, Result, words};
use crate::{audit, clock};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, patch, post};

/// Highest phone group of a target (AVA-119).
const MAX_GROUP: u16 = 999;
pub(super) const MAX_TARGETS: usize = 32;
const MAX_PEM: usize = 64 * 1024;

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
    #[schema(value_type = Option<u16>)]
    phone_group: Option<i64>,
}

/// Add a target at the end of a profile's list
#[utoipa::path(tag = "profiles", request_body = TargetInput, responses((status = 201, body = ProfileView)))]
#[post("/profiles/{name}/targets")]
pub async fn add_target(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    name: Path<String>,
    Json(body): Json<TargetInput>,
) -> Result<HttpResponse> {
    let target = body.applied(None)?;
    let profile = db
        .write(move |tx| {
            let profile = load_to_change(tx, &keys, &actor, &name)?;
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
pub async fn change_target(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    path: Path<(String, i64)>,
    Json(body): Json<TargetInput>,
) -> Result<Json<ProfileView>> {
    let profile = db
        .write(move |tx| {
            let profile = load_to_change(tx, &keys, &actor, &path.0)?;
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
pub async fn remove_target(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    path: Path<(String, i64)>,
) -> Result<Json<ProfileView>> {
    let profile = db
        .write(move |tx| {
            let profile = load_to_change(tx, &keys, &actor, &path.0)?;
            let id = find(&profile, path.1)?.id;
            if profile.targets.len() == 1 {
                let message = format!("Target {} is the only one of the profile {:?}.", path.1, profile.name);
                let next = "Change it, or add another one first: POST /api/v1/profiles/NAME/targets, or phonebox profile target add NAME \
                            --url URL";
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

impl TargetInput {
    /// Checks it and lays it over the target there is.
    pub(super) fn applied(self, old: Option<&Target>) -> Result<NewTarget> {
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
        if let Some(said) = self.phone_group {
            let Some(group) = u16::try_from(said).ok().filter(|group| *group <= MAX_GROUP) else {
                let message = format!("phone_group: {said} is not accepted: it goes from 0 to {MAX_GROUP}.");
                return Err(Problem::bad_value(message, "Choose a number from 0 to 999."));
            };
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

fn find(profile: &Profile, position: i64) -> Result<&Target> {
    profile.targets.iter().find(|target| target.position == position).ok_or_else(|| {
        let next = "List them: GET /api/v1/profiles/NAME, or phonebox profile target list NAME";
        Problem::not_found(format_args!("target {position} in the profile {:?}", profile.name), next)
    })
}

pub(super) fn too_many() -> Problem {
    Problem::bad_value(format!("A profile has at most {MAX_TARGETS} targets."), "Make another profile.")
}
