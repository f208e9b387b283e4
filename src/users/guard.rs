//! Who asks, and whether they may: what every handler takes first, before anything else is read.
//!
//! The route's row in `routes` says what is wanted; a route without a row lets nobody in. A cookie counts for a change only
//! together with the word that the page was told.

use super::browser::Browser;
use super::keys::rate::{Rates, Standing};
use super::keys::signed::{SKEW, Signature};
use super::links::Address;
use super::routes::{Need, is_whole, need};
use super::session::{self, Token};
use super::throttle::too_many;
use super::{Actor, Due, Who, keys};
use crate::clock;
use crate::db::{self, Db, Origin};
use crate::seal::Keyring;
use crate::web::{Code, Problem};
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr};

/// Put into a connection's data when it came through the console socket, which only the box's own user can open.
#[derive(Clone, Copy)]
pub struct Console;

/// Put into a request: where it comes from. Behind a trusted proxy that is the client which the proxy names.
#[derive(Clone, Copy)]
pub struct Source(pub IpAddr);

/// Put into a connection's data: the certificates that a client showed, its own first.
#[derive(Clone, Default)]
pub struct Shown(pub Vec<Vec<u8>>);

impl FromRequest for Shown {
    type Error = Problem;
    type Future = Ready<Result<Shown, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.conn_data::<Shown>().cloned().unwrap_or_default()))
    }
}

/// Who signed a request, or why a right signature does not count: found before the handlers, because the body is part of it.
struct Signed(Result<Actor, Problem>);

/// Put into a request once it is known who asks.
pub struct Known(pub Actor);

const CSRF: &str = "X-CSRF-Token";

impl FromRequest for Actor {
    type Error = Problem;
    type Future = Ready<Result<Actor, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request).and_then(|actor| admit(request, actor)))
    }
}

/// Anybody who is let in at all, where there is no route.
pub struct Stray;

impl FromRequest for Stray {
    type Error = Problem;
    type Future = Ready<Result<Stray, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request).map(|_| Stray))
    }
}

/// A person, for what is their own: sessions, password, personal information.
#[derive(Debug, Clone)]
pub struct Person {
    pub user_id: i64,
    pub session_id: i64,
    pub actor: Actor,
}

impl FromRequest for Person {
    type Error = Problem;
    type Future = Ready<Result<Person, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let actor = identify(request).and_then(|actor| admit(request, actor));
        ready(actor.and_then(|actor| match actor.who {
            Who::Person { user_id, session_id, .. } => Ok(Person { user_id, session_id, actor }),
            _ => Err(Code::Unauthorized.into()),
        }))
    }
}

/// Where a request comes from, for doors that need no login.
#[derive(Clone)]
pub struct Caller {
    pub is_console: bool,
    pub source: IpAddr,
    pub agent: String,
    /// The cookie it has, good or not.
    pub token: Option<Token>,
    /// As somebody was let in before.
    pub browser: Option<Browser>,
}

impl Caller {
    pub fn from(&self) -> String {
        if self.is_console { String::new() } else { self.source.to_string() }
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Caller, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(same_origin(request).map(|()| Caller {
            is_console: is_console(request),
            source: source(request),
            agent: text(request, header::USER_AGENT.as_str()).unwrap_or_default().to_owned(),
            token: token(request),
            browser: cookie(request, Browser::of_cookies),
        }))
    }
}

fn is_console(request: &HttpRequest) -> bool {
    request.conn_data::<Console>().is_some()
}

fn source(request: &HttpRequest) -> IpAddr {
    request.extensions().get::<Source>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |source| source.0)
}

fn text<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn cookie<T>(request: &HttpRequest, find: fn(&str) -> Option<T>) -> Option<T> {
    request.headers().get_all(header::COOKIE).filter_map(|value| value.to_str().ok()).find_map(find)
}

fn token(request: &HttpRequest) -> Option<Token> {
    cookie(request, Token::of_cookies)
}

/// From here on the request's changes and its refusal are in this name.
fn identify(request: &HttpRequest) -> Result<Actor, Problem> {
    let actor = who(request)?;
    if let Some(origin) = Origin::current() {
        let Actor { name, account_id, home_id, who, .. } = &actor;
        let is_key = matches!(who, Who::Key(_));
        origin.is(db::Who { name: name.to_string(), account_id: *account_id, home_id: *home_id, is_key });
    }
    request.extensions_mut().insert(Known(actor.clone()));
    // In whose name a page elsewhere wanted a change is written down, too. Without a session nothing is.
    if matches!(actor.who, Who::Person { .. }) && !request.method().is_safe() {
        same_origin(request)?;
        let said = text(request, CSRF);
        if token(request).is_none_or(|token| said != Some(token.csrf().as_str())) {
            return Err(Code::Csrf.into());
        }
    }
    Ok(actor)
}

fn who(request: &HttpRequest) -> Result<Actor, Problem> {
    if is_console(request) {
        return Ok(Actor::console());
    }
    if request.query_string().split('&').any(is_token) {
        return Err(Code::TokenInUrl.into());
    }
    let db = request.app_data::<web::Data<Db>>().ok_or(Code::Internal)?;
    let from = source(request);
    if let Some(value) = text(request, header::AUTHORIZATION.as_str()) {
        let (scheme, key) = value.split_once(' ').ok_or(Code::Unauthorized)?;
        let actor = match scheme {
            _ if scheme.eq_ignore_ascii_case("bearer") => keys::bearer(db, key.trim(), from, clock::now())?,
            // Looked at before: it needs the body.
            _ => request.extensions().get::<Signed>().map(|signed| signed.0.clone()).transpose()?,
        };
        return within_rate(request, actor.ok_or(Code::Unauthorized)?);
    }
    let token = token(request).ok_or(Code::Unauthorized)?;
    session::actor(db, &token, &from.to_string(), clock::now())?.ok_or_else(|| Code::Unauthorized.into())
}

/// Every request of a key counts.
fn within_rate(request: &HttpRequest, actor: Actor) -> Result<Actor, Problem> {
    let rates = request.app_data::<web::Data<Rates>>().ok_or(Code::Internal)?;
    let Who::Key(id) = actor.who else { return Err(Code::Internal.into()) };
    let standing = rates.count(id, clock::now());
    request.extensions_mut().insert(standing);
    if standing.within { Ok(actor) } else { Err(too_many(standing.reset)) }
}

/// Browsers say where a request was made. What says nothing is a program.
fn same_origin(request: &HttpRequest) -> Result<(), Problem> {
    if request.method() == Method::GET {
        return Ok(());
    }
    let site = text(request, "Sec-Fetch-Site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let host = text(request, header::HOST.as_str()).unwrap_or_default();
    let address = request.app_data::<web::Data<Address>>();
    let origin = request.headers().get(header::ORIGIN).is_none_or(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        // A proxy may have put its own name into Host.
        let is_configured = address.is_some_and(|address| address.is_origin(origin));
        is_configured || origin.split_once("://").is_some_and(|(_, place)| place.eq_ignore_ascii_case(host))
    });
    if site && origin { Ok(()) } else { Err(Code::Csrf.into()) }
}

fn admit(request: &HttpRequest, actor: Actor) -> Result<Actor, Problem> {
    let pattern = request.match_pattern().unwrap_or_default();
    let need = need(request.method().as_str(), &pattern).ok_or(Code::Forbidden)?;
    let due = if let Who::Person { due, .. } = actor.who { due } else { None };
    match (need, due) {
        (Need::LoggedIn, _) => Ok(actor),
        (_, Some(Due::Password)) => Err(Code::PasswordDue.into()),
        (_, Some(Due::Totp)) => Err(Code::TotpDue.into()),
        (_, None) if actor.limited.is_some() && is_whole(&pattern) => {
            let message = "Your data permission does not reach the whole account.";
            Err(Problem::new(Code::Forbidden, message, "Ask whoever manages the users of your account."))
        }
        (Need::May(permission), None) if !actor.permissions.has(permission) => Err(actor.refusal(permission)),
        (Need::Console, None) if actor.who != Who::Console => Err(Code::ConsoleOnly.into()),
        _ => Ok(actor),
    }
}

/// Whether a list (its path below /api/v1) is theirs to read.
pub fn may_read(actor: &Actor, list: &str) -> bool {
    let may = match need("GET", &format!("/api/v1{list}")) {
        Some(Need::May(permission)) => actor.permissions.has(permission),
        _ => false,
    };
    may && !(actor.limited.is_some() && is_whole(list))
}

fn is_token(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    ["token", "access_token", "api_token", "api_key", "apikey", "authorization", "bearer"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word))
}

/// Bytes of a signed request's body.
const MAX_SIGNED: usize = 2 * 1024 * 1024;

/// Around every handler: looks at a signature, and tells keys how often they may ask.
pub async fn programs<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(signature) = header.and_then(Signature::parse)
        && let Some(who) = signed(&mut request, &signature).await?
    {
        request.extensions_mut().insert(Signed(who));
    }
    let mut response = next.call(request).await?;
    let standing = response.request().extensions().get::<Standing>().copied();
    if let Some(Standing { limit, remaining, reset, .. }) = standing {
        let values = [("ratelimit-limit", i64::from(limit)), ("ratelimit-remaining", i64::from(remaining))];
        for (name, value) in values.into_iter().chain([("ratelimit-reset", (reset + 999) / 1_000)]) {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
    Ok(response)
}

/// Reads the body, which is there again afterwards. Nobody's body is read before the key is good, and nobody hears what is
/// wrong who has not shown that they hold its secret.
async fn signed(
    request: &mut ServiceRequest,
    signature: &Signature,
) -> Result<Option<Result<Actor, Problem>>, Problem> {
    let now = clock::now();
    let data = |request: &ServiceRequest| {
        Some((request.app_data::<web::Data<Db>>()?.clone(), request.app_data::<web::Data<Keyring>>()?.clone()))
    };
    let (db, keyring) = data(request).ok_or(Code::Internal)?;
    let found = db.read(|conn| keys::store::by_access_key(conn, &signature.access_key, now))?;
    let Some(key) = found else { return Ok(None) };
    let Some(sealed) = &key.signing_sealed else { return Ok(None) };
    let signing_key = keyring.open_bytes(&keys::place(key.id), sealed)?;
    let mut payload = request.take_payload();
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::from(Code::BadRequest))?;
        if body.len() + chunk.len() > MAX_SIGNED {
            return Err(Code::TooLarge.into());
        }
        body.extend_from_slice(&chunk);
    }
    let path = request.uri().path_and_query().map_or("", |path| path.as_str()).to_owned();
    let good = signature.is_of(&signing_key, request.method().as_str(), &path, &body);
    request.set_payload(Payload::from(body.freeze()));
    let from = source(request.request());
    if !good || !keys::works_from(&key, from) {
        return Ok(None);
    }
    if !signature.is_of_now(now) {
        return Ok(Some(Err(signature.stale(now))));
    }
    let (id, nonce) = (key.id, signature.nonce.clone());
    let oldest = now - 2 * SKEW * 1_000;
    if !db.write(move |tx| keys::store::use_nonce(tx, id, &nonce, now, oldest)).await? {
        return Ok(Some(Err(signature.replayed())));
    }
    Ok(keys::actor(&db, key, from, now).map(Ok))
}
