//! Asking for an account, and deciding it, over REST.

use super::OPEN;
use super::store::{self, SignUp};
use crate::accounts::letters::{self, Words};
use crate::accounts::view::{self, AddAccount};
use crate::accounts::{Kind, api as accounts, store as rows};
use crate::db::{BOX_ACCOUNT, Connection, Db};
use crate::seal::Keyring;
use crate::users::Actor;
use crate::users::directory::api::insert as add_user;
use crate::users::guard::Caller;
use crate::users::links::{self, Address, PasswordLink, Purpose};
use crate::users::store::{NewUser, SUPER_MANAGER, by_login};
use crate::users::throttle::{Key, Throttle};
use crate::web::{Code, Json, Page, Paging, Problem, Query, Result, words};
use crate::{alarms, audit, clock, instance, mail};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post, put};

const LINE: usize = 200;
/// Requests from one source before they are slowed.
const AT_ONCE: u32 = 20;

#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// Strangers may ask for an account.
    open: bool,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[schema(inline)]
    kind: Kind,
    company: String,
    /// First and last name.
    contact: String,
    /// Becomes the login name.
    email: String,
    phone: Option<String>,
    address: Option<String>,
    country: Option<String>,
    remark: Option<String>,
    /// Digits only: the number by which somebody else knows a customer.
    reference: Option<String>,
    /// By which others ask to be linked with a provider or reseller.
    link_id: Option<String>,
    /// The language of the page for this user, with or without a region: `de`, `de-AT`. Absent: English.
    #[schema(pattern = "^([Ee][Nn]|[Dd][Ee])(-[A-Za-z0-9]{1,8})*$")]
    locale: Option<String>,
    /// The terms were accepted.
    terms: bool,
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// `waiting`, `approved` or `declined`; absent: all.
    state: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Approved {
    account_id: i64,
    user_id: i64,
    /// To hand over where no mail server is set: with it the user chooses a password.
    link: Option<PasswordLink>,
    /// The link id that was asked for: another account has it by now, and this one has none. It can be given another one:
    /// PATCH /accounts/{id}
    link_id_taken: Option<String>,
}

/// Whether strangers may ask for an account
#[utoipa::path(tag = "sign-up", security(()), responses((status = 200, body = Door)))]
#[get("/sign-up")]
async fn door(db: Data<Db>) -> Result<Json<Door>> {
    Ok(Json(Door { open: db.read(is_open)? }))
}

/// Open or close it
#[utoipa::path(tag = "sign-up", request_body = Door, responses((status = 200, body = Door)))]
#[put("/sign-up")]
async fn set_door(actor: Actor, db: Data<Db>, Json(body): Json<Door>) -> Result<Json<Door>> {
    db.write(move |tx| {
        instance::store::put(tx, OPEN, &[u8::from(body.open)])?;
        let detail = Some(if body.open { "open" } else { "closed" }.to_owned());
        audit::store::write(tx, &actor, "sign-up.set", "sign-up", detail, clock::now())?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(Json(body))
}

/// Ask for an account
#[utoipa::path(tag = "sign-up", security(()), request_body = Asked, responses((status = 202)))]
#[post("/sign-up")]
async fn ask(
    caller: Caller,
    db: Data<Db>,
    keys: Data<Keyring>,
    throttle: Data<Throttle>,
    Json(body): Json<Asked>,
) -> Result<HttpResponse> {
    if !db.read(is_open)? {
        return Err(Code::NoRoute.into());
    }
    let (now, source) = (clock::now(), caller.source);
    let key = Key::of_network("sign-up", source).free(AT_ONCE);
    throttle.check(&key, source, now)?;
    if !body.terms {
        return Err(Problem::bad_value("The terms must be accepted.", "Read them, and send terms=true."));
    }
    let line = |field: &str, text: &Option<String>| match text {
        Some(text) => words::line(field, text, LINE),
        None => Ok(None),
    };
    let request = SignUp {
        id: 0,
        kind: body.kind.word().to_owned(),
        company: words::title("The company", &body.company)?,
        contact: words::title("The contact", &body.contact)?,
        phone: line("phone", &body.phone)?,
        email: words::email(&body.email)?,
        address: line("address", &body.address)?,
        country: line("country", &body.country)?,
        remark: line("remark", &body.remark)?,
        reference: body.reference.as_deref().map(view::reference).transpose()?.flatten(),
        link_id: body.link_id.as_deref().map(view::link_id).transpose()?.flatten(),
        locale: words::locale(body.locale.as_deref().unwrap_or("en"))?,
        peer: caller.from(),
        state: String::new(),
        account_id: None,
        created_at: now,
        decided_by: None,
        decided_at: None,
        reason: None,
    };
    view::refuse_misfit(body.kind, request.reference.as_deref(), request.link_id.as_deref())?;
    db.write(move |tx| {
        if store::waiting(tx)? >= store::MOST {
            return Err(Problem::new(Code::Busy, "Too many requests wait already.", "Try again tomorrow."));
        }
        store::insert(tx, &request)?;
        let text = format!("{} asks for an account", request.company);
        alarms::store::raise(tx, BOX_ACCOUNT, "sign-up", &request.email, &text, now)?;
        letters::tell(tx, &keys, BOX_ACCOUNT, &asked(&request), Some("alarm"), now)?;
        audit::store::note(tx, BOX_ACCOUNT, "nobody", "sign-up.ask", &request.email, Some(request.peer), now)?;
        Ok(())
    })
    .await?;
    // Who has to correct a form is not slowed: only what waits for an administrator counts.
    throttle.failed(&key, source, now);
    Ok(HttpResponse::Accepted().finish())
}

/// Who asks for an account, newest first
#[utoipa::path(tag = "sign-up", params(Filter), responses((status = 200, body = Page<SignUp>)))]
#[get("/sign-ups")]
async fn list(_actor: Actor, db: Data<Db>, Query(filter): Query<Filter>) -> Result<Json<Page<SignUp>>> {
    let paging = Paging::<i64>::new(filter.after.as_deref(), filter.limit)?;
    let rows = db.read(|conn| {
        store::list(conn, filter.state.as_deref(), None, paging.after.unwrap_or(i64::MAX), paging.rows())
    })?;
    Ok(Json(paging.page(rows, |request| request.id.to_string())))
}

/// Make the account and its first user
#[utoipa::path(tag = "sign-up", responses((status = 200, body = Approved)))]
#[post("/sign-ups/{id}/approve")]
async fn approve(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    address: Data<Address>,
    id: Path<i64>,
) -> Result<Json<Approved>> {
    let approved = db
        .write(move |tx| {
            let request = waiting(tx, *id)?;
            // As a login name or as somebody's address, with which that one logs in too.
            if !by_login(tx, &request.email.to_lowercase())?.is_empty() {
                let message = format!("The login name {:?} is taken.", request.email);
                return Err(Problem::new(Code::Exists, message, "Decline the request, or free the name first."));
            }
            let (body, link_id_taken) = body_of(tx, &request)?;
            let account_id = accounts::make(tx, &actor, body, true)?;
            let user = NewUser {
                account_id,
                login: request.email.clone(),
                name: request.contact.clone(),
                email: request.email.clone(),
                phone: request.phone.clone(),
                country: request.country.clone(),
                remark: None,
                locale: request.locale.clone(),
                first_name: None,
                last_name: None,
                role_id: SUPER_MANAGER,
                password_hash: None,
                temporary: false,
                two_factor: false,
            };
            let user_id = add_user(tx, &actor, &user)?;
            let now = clock::now();
            store::decide(tx, request.id, ("approved", None), Some(account_id), &actor.name, now)?;
            alarms::store::close_kind(tx, "sign-up", &request.email, now)?;
            let dropped = link_id_taken.as_ref().map(|id| format!(", without the link id {id}: it is taken"));
            let told = format!("{}{}", request.company, dropped.unwrap_or_default());
            audit::store::write(tx, &actor, "sign-up.approve", &request.email, Some(told), now)?;
            let link = links::hand_over(tx, &keys, &address, user_id, Purpose::Activate, now)?.link;
            Ok(Approved { account_id, user_id, link, link_id_taken })
        })
        .await?;
    Ok(Json(approved))
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Declined {
    /// It is mailed to whoever asked.
    pub reason: Option<String>,
}

/// Decline a request
#[utoipa::path(tag = "sign-up", request_body = Declined, responses((status = 204)))]
#[post("/sign-ups/{id}/decline")]
async fn decline(
    actor: Actor,
    db: Data<Db>,
    keys: Data<Keyring>,
    id: Path<i64>,
    Json(body): Json<Declined>,
) -> Result<HttpResponse> {
    let reason = body.reason.as_deref().map(|text| words::line("reason", text, 500)).transpose()?.flatten();
    db.write(move |tx| {
        let request = waiting(tx, *id)?;
        let now = clock::now();
        store::decide(tx, request.id, ("declined", reason.as_deref()), None, &actor.name, now)?;
        alarms::store::close_kind(tx, "sign-up", &request.email, now)?;
        let company = mail::line(&request.company);
        let body = format!("No account was made for {company}.{}", letters::because(reason.as_deref()));
        let words = Words { kind: "sign-up", subject: "Your request for an account", body };
        letters::tell_one(tx, &keys, BOX_ACCOUNT, request.email.clone(), &words, now)?;
        audit::store::write(tx, &actor, "sign-up.decline", &request.email, Some(request.company), now)?;
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn is_open(conn: &Connection) -> crate::db::Result<bool> {
    Ok(instance::store::get(conn, OPEN)?.is_some_and(|value| value == [1]))
}

fn waiting(conn: &Connection, id: i64) -> Result<SignUp> {
    let missing = || Problem::not_found("such request that waits", "List them: GET /api/v1/sign-ups?state=waiting");
    store::list(conn, Some("waiting"), Some(id), i64::MAX, 1)?.pop().ok_or_else(missing)
}

/// ALE-007. What strangers wrote stands in single lines.
fn asked(request: &SignUp) -> Words {
    let SignUp { company, contact, email, kind, .. } = request;
    let (company, contact) = (mail::line(company), mail::line(contact));
    let body = format!(
        "{company} asks for a {kind} account.\n\nContact: {contact}, {email}\n\nDecide it on the page: Requests."
    );
    Words { kind: "sign-up", subject: "Somebody asks for an account", body }
}

/// AVA-036: an account of its own, whatever others are called. Besides, the link id that somebody else has by now.
fn body_of(conn: &Connection, request: &SignUp) -> Result<(AddAccount, Option<String>)> {
    let kind: Kind = request.kind.parse().map_err(Problem::internal)?;
    let SignUp { company, contact, phone, email, address, country, remark, reference, link_id, .. } = request.clone();
    let mut name = company.clone();
    for number in 2.. {
        if !rows::name_is_taken(conn, BOX_ACCOUNT, &name, 0)? {
            break;
        }
        name = format!("{} ({number})", company.chars().take(56).collect::<String>().trim_end());
    }
    // Of requests from before a kind had its own fields only, what does not fit is left out.
    let is_customer = kind == Kind::Customer;
    let (reference, link_id) = (reference.filter(|_| is_customer), link_id.filter(|_| !is_customer));
    let (link_id, taken) = match link_id {
        Some(link_id) if rows::link_id_is_taken(conn, &link_id, 0)? => (None, Some(link_id)),
        link_id => (link_id, None),
    };
    let body = AddAccount {
        kind,
        name,
        parent_id: Some(BOX_ACCOUNT),
        contact: Some(contact),
        phone,
        email: Some(email),
        address,
        country,
        remark,
        reference,
        link_id,
        two_factor: false,
        administrator: None,
    };
    Ok((body, taken))
}

pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(door).service(set_door).service(ask).service(list).service(approve).service(decline);
}
