//! The extractor that every handler of the API takes first: who asks, or 401 before anything else is read.

use super::{Actor, api_token};
use crate::db::{Db, Origin, Who};
use crate::web::{Code, Problem};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};

/// Put into a connection's data when it came through the console socket, which only the box's own user can open.
#[derive(Clone, Copy)]
pub struct Console;

impl FromRequest for Actor {
    type Error = Problem;
    type Future = Ready<Result<Actor, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(actor(request).inspect(told))
    }
}

/// From here on the request's changes and its refusal are in this name.
fn told(actor: &Actor) {
    let who = Who { name: actor.name.to_owned(), account_id: actor.account_id, home_id: actor.account_id };
    if let Some(origin) = Origin::current() {
        origin.is(who);
    }
}

fn actor(request: &HttpRequest) -> Result<Actor, Problem> {
    if request.conn_data::<Console>().is_some() {
        return Ok(Actor { name: "console", account_id: 1 });
    }
    if request.query_string().split('&').any(is_token) {
        return Err(Code::TokenInUrl.into());
    }
    let value = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = value.and_then(|value| value.split_once(' ')).ok_or(Code::Unauthorized)?;
    let db = request.app_data::<web::Data<Db>>().ok_or(Code::Internal)?;
    if !scheme.eq_ignore_ascii_case("bearer") || !db.read(|conn| api_token::is_valid(conn, token.trim()))? {
        return Err(Code::Unauthorized.into());
    }
    Ok(Actor { name: "api-token", account_id: 1 })
}

fn is_token(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    ["token", "access_token", "api_token", "api_key", "apikey", "authorization", "bearer"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word))
}
