//! Who talks to the administrators' side: people who log in, programs with an API key, the console.
//!
//! [`guard`] finds out who asks and looks up in [`routes`] what the route wants; [`permissions`] is what there is to be
//! allowed. Sessions, keys and links are random words of which the box keeps a hash.

pub mod actions;
pub mod api;
pub mod browser;
pub mod certificate;
pub mod data;
pub mod directory;
pub mod guard;
pub mod keys;
pub mod links;
pub mod me;
pub mod names;
pub mod password;
pub mod permissions;
pub mod roles;
pub mod routes;
pub mod session;
pub mod setup;
pub mod store;
pub mod switch;
pub mod throttle;
pub mod totp;

pub use permissions::{Permission, Permissions};

use crate::db::{BOX_ACCOUNT, Connection, Error};
use crate::web::{Code, Problem};
use std::sync::Arc;

/// Who asks, for which account, and what that one may do. All of it comes from here, never from the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The audit log's word, and the author of values: a login name, a key's name, `console`.
    pub name: Arc<str>,
    /// The account it acts in.
    pub account_id: i64,
    /// The account it belongs to. Another one than `account_id`: a superior or a guest acts inside.
    pub home_id: i64,
    pub who: Who,
    /// Its address; empty for the console.
    pub from: Arc<str>,
    pub permissions: Permissions,
    /// The user whose data permission limits what is seen.
    pub limited: Option<i64>,
    /// It acts in an account that has let it in, and stands not above.
    pub guest: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Console,
    Key(i64),
    Person { user_id: i64, session_id: i64, due: Option<Due> },
}

/// What a person must do before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// Choose a password: somebody else made the present one.
    Password,
    /// Set up an authenticator app: the account or the user requires codes.
    Totp,
}

impl Actor {
    /// Whoever may open the socket in the data directory.
    pub fn console() -> Actor {
        Actor {
            name: "console".into(),
            account_id: BOX_ACCOUNT,
            home_id: BOX_ACCOUNT,
            who: Who::Console,
            from: "".into(),
            permissions: Permissions::all(),
            limited: None,
            guest: false,
        }
    }

    /// For what only part of a route needs.
    pub fn must(&self, permission: Permission) -> Result<(), Problem> {
        if self.permissions.has(permission) { Ok(()) } else { Err(self.refusal(permission)) }
    }

    pub fn refusal(&self, permission: Permission) -> Problem {
        if !(self.guest && permissions::NOT_OF_GUESTS.contains(&permission)) {
            return forbidden(permission);
        }
        let message = format!("You are a guest in this account: what needs {} stays its own.", permission.word());
        Problem::new(Code::Forbidden, message, "Ask one of its own administrators.")
    }

    /// For what it does to another account from outside: the log of that account has it too.
    pub fn inside(&self, account_id: i64) -> Actor {
        Actor { account_id, ..self.clone() }
    }

    /// For answers that take long: whether the session or key is there still.
    pub fn is_still_in(&self, conn: &Connection, now: i64) -> Result<bool, Error> {
        match self.who {
            Who::Console => Ok(true),
            Who::Key(id) => keys::store::is_there(conn, id, now),
            Who::Person { session_id, .. } => session::store::is_there(conn, session_id, now),
        }
    }

    pub fn user_id(&self) -> Option<i64> {
        if let Who::Person { user_id, .. } = self.who { Some(user_id) } else { None }
    }
}

pub fn forbidden(permission: Permission) -> Problem {
    let message = format!("You may not do this: it needs the permission {}.", permission.word());
    Problem::new(Code::Forbidden, message, "Ask whoever manages the users of your account.")
}
