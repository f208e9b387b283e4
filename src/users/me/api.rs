//! Personal information and one's own password over REST.

use super::store::{self, Me};
use crate::db::{Connection, Db, Tx};
use crate::notify::{self, Kind};
use crate::seal::Keyring;
use crate::settings::Secret;
use crate::users::guard::{Caller, Person};
use crate::users::session::api::{LoggedIn, answer, start};
use crate::users::session::{self, New};
use crate::users::throttle::{Key, Throttle};
use crate::users::{links, names, password, store as users};
use crate::web::{Code, Json, Problem, Result, double, words};
use crate::{audit, clock, mail};
use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, put};

const LINE: usize = 200;

/// Personal information
#[utoipa::path(tag = "me", responses((status = 200, body = Me)))]
#[get("/me")]
async fn show(person: Person, db: Data<Db>) -> Result<Json<Me>> {
    Ok(Json(db.read(|conn| one(conn, &person))?))
}

#[derive(Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeMe {
    /// As it is shown. Absent: as it was; where it was first and last name, as they are now.
    name: Option<String>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    first_name: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    last_name: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    country: Option<Option<String>>,
    /// A language of the page, with or without a region: `de`, `de-AT`.
    #[schema(pattern = "^([Ee][Nn]|[Dd][Ee])(-[A-Za-z0-9]{1,8})*$")]
    locale: Option<String>,
    /// Needs the password. The old address is told, where a mail server is set.
    email: Option<String>,
    password: Option<String>,
}

/// Change one's personal information
#[utoipa::path(tag = "me", request_body = ChangeMe, responses((status = 200, body = Me)))]
#[patch("/me")]
async fn change(
    person: Person,
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    throttle: Data<Throttle>,
    Json(body): Json<ChangeMe>,
) -> Result<Json<Me>> {
    if body.email.is_some() {
        let Some(password) = body.password else {
            let message = "password: it is needed, because another e-mail address is asked for.";
            return Err(Problem::new(Code::Forbidden, message, "Send the present password with it."));
        };
        prove(&db, &throttle, &person, &caller, password).await?;
    }
    let me = db
        .write(move |tx| {
            let mut me = one(tx, &person)?;
            let before = me.clone();
            let parts = [me.first_name.clone(), me.last_name.clone()];
            if let Some(first) = &body.first_name {
                me.first_name = names::part("first_name", first.as_deref())?;
            }
            if let Some(last) = &body.last_name {
                me.last_name = names::part("last_name", last.as_deref())?;
            }
            me.name = match &body.name {
                Some(name) => words::title("The user", name)?,
                None => names::follow(&me.name, &parts, &[me.first_name.clone(), me.last_name.clone()])?,
            };
            if let Some(phone) = &body.phone {
                me.phone = words::line("phone", phone.as_deref().unwrap_or_default(), LINE)?;
            }
            if let Some(country) = &body.country {
                me.country = words::line("country", country.as_deref().unwrap_or_default(), LINE)?;
            }
            if let Some(locale) = body.locale.as_ref().filter(|locale| **locale != me.locale) {
                me.locale = words::locale(locale)?;
            }
            if let Some(email) = &body.email {
                me.email = words::email(email)?;
            }
            let now = clock::now();
            store::update(tx, &me, now)?;
            if me.email != before.email {
                tell_old_address(tx, &keys, &person, &before, now)?;
            }
            let after = one(tx, &person)?;
            let sides = (Some(&before), Some(&after));
            // What is one's own stays at home: a host need not know a guest's telephone number.
            let home = person.actor.inside(person.actor.home_id);
            audit::store::write_change(tx, &home, "user.set", &after.login, sides, None, now)?;
            Ok::<_, Problem>(after)
        })
        .await?;
    Ok(Json(me))
}

/// YMC-025 leaves a new address to the superior, ALE-023 asks for the password. Here the password does it, and whoever
/// reads the old mailbox hears of it. A link that lies there opens nothing any more.
fn tell_old_address(tx: &Tx, keys: &Keyring, person: &Person, before: &Me, now: i64) -> Result<()> {
    links::store::drop_all(tx, person.user_id)?;
    if mail::settings::load(tx, keys)?.is_none() {
        return Ok(());
    }
    let login = mail::line(&before.login);
    let letter = mail::Letter {
        account_id: person.actor.home_id,
        kind: "address-changed".to_owned(),
        recipient: before.email.clone(),
        subject: "Your login to Phonebox has another e-mail address".to_owned(),
        body: format!(
            "Login name: {login}\n\nMails about it, and links for a new password, go to another address from now on. Was \
             it not you? Tell whoever manages the users of your account.\n"
        ),
    };
    mail::store::queue(tx, keys, &letter, now)?;
    Ok(())
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    old: String,
    new: String,
}

/// Change one's password. Every other session ends, and this one gets a new cookie
#[utoipa::path(tag = "me", request_body = NewPassword, responses((status = 200, body = LoggedIn)))]
#[put("/me/password")]
async fn change_password(
    person: Person,
    caller: Caller,
    db: Data<Db>,
    throttle: Data<Throttle>,
    Json(body): Json<NewPassword>,
) -> Result<HttpResponse> {
    let NewPassword { old, new } = body;
    let same = old == new;
    prove(&db, &throttle, &person, &caller, old).await?;
    password::check(&new, &person.actor.name)?;
    if same {
        let message = "The password is not accepted: it is the present one.";
        return Err(Problem::new(Code::BadPassword, message, "Choose another one."));
    }
    let sealed = password::seal(Secret::new(new)).await?;
    let made = db
        .write(move |tx| {
            let now = clock::now();
            users::set_password(tx, person.user_id, &sealed, false, now)?;
            session::store::end_all(tx, person.user_id, None)?;
            let login = &*person.actor.name;
            let text = format!("{login} changed the password.");
            let data = serde_json::json!({ "login": login });
            notify::store::tell(tx, person.actor.home_id, Kind::PasswordChanged, login, &text, &data, now)?;
            audit::store::write(tx, &person.actor, "password.set", &person.actor.name, None, now)?;
            let acting_id = Some(person.actor.account_id).filter(|id| *id != person.actor.home_id);
            let from = caller.from();
            start(
                tx,
                &New { user_id: person.user_id, acting_id, peer: &from, agent: &caller.agent, by: "password" },
                now,
            )
        })
        .await?;
    Ok(answer(made))
}

/// The password again, before what a stolen session must not do. Slowed like a login.
pub async fn prove(db: &Db, throttle: &Throttle, person: &Person, caller: &Caller, given: String) -> Result<()> {
    let key = Key::login(&person.actor.name);
    let mut attempt = throttle.attempt(key, caller.source, caller.browser, clock::now())?;
    let stored = db.read(|conn| store::password_hash(conn, person.user_id))?;
    if password::is_right(Secret::new(given), stored).await? {
        return Ok(());
    }
    attempt.failed();
    Err(Problem::new(Code::Forbidden, "The password is wrong.", "Type the present password."))
}

fn one(conn: &Connection, person: &Person) -> Result<Me> {
    store::one(conn, person.user_id)?.ok_or_else(|| Code::Unauthorized.into())
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(show).service(change).service(change_password);
}
