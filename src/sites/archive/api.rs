//! A site's settings archive over REST.

use super::contents::{self, Contents, MAX_PACKED};
use super::store::{self, SiteFile};
use crate::accounts::api::{customers_only, load};
use crate::db::{BOX_ACCOUNT, Connection, Db, Touch, Tx, long};
use crate::files::{self, Limits};
use crate::layers::api::set_site_text;
use crate::seal::Keyring;
use crate::users::Actor;
use crate::vendors::raw::RawWarning;
use crate::vendors::site_archive::{self, VENDOR};
use crate::web::{Code, Directory, Json, Problem, Result, spool};
use crate::{audit, ca, clock, layers, sites};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpResponse, delete, get, put};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct SiteArchive {
    /// Why phones of the site are not given it. Null: they are.
    pub unserved: Option<String>,
    /// Bytes of the site's own text for Avaya phones, which `46xxsettings.txt` became. Null: it has none.
    pub settings: Option<i64>,
    pub files: Vec<SiteFile>,
    /// Of what was just sent: what a phone would take otherwise than it was meant.
    pub warnings: Vec<RawWarning>,
}

/// A site that somebody reaches, and who that is inside its account.
struct Place {
    inside: Actor,
    site_id: i64,
    name: String,
}

impl Place {
    fn of(conn: &Connection, actor: &Actor, (id, name): &(i64, String)) -> Result<Place> {
        let account = load(conn, actor, *id)?;
        let inside = Actor { account_id: account.id, ..actor.clone() };
        let site_id = sites::api::id(conn, &inside, name)?;
        Ok(Place { inside, site_id, name: name.clone() })
    }

    fn to_change(conn: &Connection, actor: &Actor, place: &(i64, String)) -> Result<Place> {
        // AVA-144: what is a provider's or a reseller's site is changed inside it.
        if place.0 != actor.account_id {
            customers_only(&load(conn, actor, place.0)?)?;
        }
        Place::of(conn, actor, place)
    }
}

/// A site's settings archive: its files, and whether its settings are there
#[utoipa::path(tag = "sites", responses((status = 200, body = SiteArchive)))]
#[get("/accounts/{id}/sites/{name}/archive")]
async fn show_archive(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    place: Path<(i64, String)>,
) -> Result<Json<SiteArchive>> {
    let place = place.into_inner();
    let look = move |conn: &Connection| view(conn, &keys, &Place::of(conn, &actor, &place)?, Vec::new());
    Ok(Json(db.read_long(look).await?))
}

/// Send a site's settings archive, a ZIP; it takes the place of the one there was
///
/// It may hold 46xxsettings.txt, which becomes the site's own text for Avaya phones, J100Supgrade and K1xxSupgrade (.txt or .xml),
/// and files that end in .xml .png .jpg .jpeg .gif .bmp .mp3 .wav .ogg .pkcs12 .p12 .pfx .txt .crt .pem .cer, in no folder.
#[utoipa::path(tag = "sites", request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = SiteArchive)))]
#[put("/accounts/{id}/sites/{name}/archive")]
async fn send_archive(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    limits: Data<Limits>,
    directory: Data<Directory>,
    place: Path<(i64, String)>,
    body: Payload,
) -> Result<Json<SiteArchive>> {
    let place = place.into_inner();
    // No body is taken in for a site out of reach, or that would not serve it.
    db.read(|conn| refuse_unserved(conn, &Place::to_change(conn, &actor, &place)?))?;
    let mut file = spool::anonymous(&directory.0, body, MAX_PACKED).await?;
    let contents = long(move |_| {
        contents::read(&mut file).map_err(|why| {
            let next =
                "Pack it anew, with what phones of the site ask for: 46xxsettings.txt and the files that it names.";
            Problem::new(Code::BadFile, format!("The settings archive is not accepted: {why}."), next)
        })
    });
    let contents = contents.await?;
    let keys = (**keys).clone();
    let archive = db.write(move |tx| {
        let place = Place::to_change(tx, &actor, &place)?;
        refuse_unserved(tx, &place)?;
        put(tx, &keys, &limits, &place, contents)
    });
    Ok(Json(archive.await?))
}

/// Remove a site's settings archive, and the settings it brought
#[utoipa::path(tag = "sites", responses((status = 204)))]
#[delete("/accounts/{id}/sites/{name}/archive")]
async fn remove_archive(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    place: Path<(i64, String)>,
) -> Result<HttpResponse> {
    let (keys, place) = ((**keys).clone(), place.into_inner());
    db.write(move |tx| {
        let place = Place::to_change(tx, &actor, &place)?;
        let now = clock::now();
        let old = store::list(tx, place.site_id)?;
        let had_text = set_site_text(tx, &keys, &place.inside, &place.name, VENDOR, None, now)?;
        if old.is_empty() && !had_text {
            return Err(Problem::not_found(
                format_args!("settings archive of the site {:?}", place.name),
                "Send one: phonebox site archive SITE FILE.zip",
            ));
        }
        store::clear(tx, place.site_id)?;
        tx.touch(Touch::Shared);
        let sides = (Some(&logged(&old)), None::<&Vec<String>>);
        audit::write_change(tx, &place.inside, "site-archive.remove", &*place.name, sides, None, now)?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn put(tx: &mut Tx, keys: &Keyring, limits: &Limits, place: &Place, contents: Contents) -> Result<SiteArchive> {
    let (inside, now) = (&place.inside, clock::now());
    let old = store::list(tx, place.site_id)?;
    store::clear(tx, place.site_id)?;
    for entry in &contents.files {
        let file = SiteFile {
            name: entry.name.clone(),
            size: entry.body.len() as i64,
            proof: entry.proof,
            author: inside.name.to_string(),
            updated_at: now,
        };
        store::put(tx, keys, inside.account_id, place.site_id, &file, &entry.body)?;
    }
    // Nobody uses up what is there for the others (T99).
    let (all, own) = files::store::totals_without(tx, inside.account_id, "")?;
    let is_over = inside.account_id != BOX_ACCOUNT && own as u64 > limits.account_bytes;
    if is_over || all as u64 > limits.total_bytes {
        let message = "All files together would be larger than allowed.";
        return Err(Problem::new(Code::TooLarge, message, "Remove files that no phone needs: phonebox file list"));
    }
    let mut warnings = Vec::new();
    if let Some((text, raw)) = contents.settings {
        for (line, name) in site_archive::certificates(&raw) {
            let is_here = contents.files.iter().any(|file| file.name.eq_ignore_ascii_case(name))
                || ca::public::is_name(&name.to_ascii_lowercase())
                || files::store::by_name(tx, inside.account_id, name)?.is_some()
                || files::store::by_name(tx, BOX_ACCOUNT, name)?.is_some();
            if !is_here {
                let text = format!("the certificate {name} is neither in the archive nor in the file store");
                warnings.push(RawWarning { line, text });
            }
        }
        warnings.extend(raw.warnings);
        set_site_text(tx, keys, inside, &place.name, VENDOR, Some(&text), now)?;
    }
    tx.touch(Touch::Shared);
    let new = store::list(tx, place.site_id)?;
    let sides = (Some(logged(&old)).filter(|old| !old.is_empty()), Some(logged(&new)));
    audit::write_change(tx, inside, "site-archive.set", &*place.name, (sides.0.as_ref(), sides.1.as_ref()), None, now)?;
    view(tx, keys, place, warnings)
}

fn view(conn: &Connection, keys: &Keyring, place: &Place, warnings: Vec<RawWarning>) -> Result<SiteArchive> {
    let scope = layers::Scope { layer: crate::settings::Layer::Site, id: place.site_id, line: 0 };
    let text = layers::store::raw_text(conn, keys, scope, VENDOR)?;
    Ok(SiteArchive {
        unserved: unserved(conn, place)?,
        settings: text.map(|text| text.text.reveal().len() as i64),
        files: store::list(conn, place.site_id)?,
        warnings,
    })
}

/// AVA-138: only where the site's profile provisions from this box.
fn unserved(conn: &Connection, place: &Place) -> Result<Option<String>> {
    Ok(match store::profile(conn, place.site_id)? {
        Some((_, true)) => None,
        Some((profile, false)) => Some(format!(
            "the site's profile {profile:?} sends its phones to another server, so none would ask for it here."
        )),
        None => Some("the site has no profile, so none of its phones is provisioned.".into()),
    })
}

fn refuse_unserved(conn: &Connection, place: &Place) -> Result<()> {
    unserved(conn, place)?.map_or(Ok(()), |why| {
        let message = format!("The settings archive is not accepted: {why}");
        Err(Problem::bad_value(message, "Give the site a profile that provisions from this box."))
    })
}

fn logged(files: &[SiteFile]) -> Vec<String> {
    files.iter().map(|file| format!("{} {} bytes", file.name, file.size)).collect()
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(show_archive).service(send_archive).service(remove_archive);
}
