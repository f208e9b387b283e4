//! Errors of the API: one table of codes, their HTTP status and the words that stand where nothing better is known.
//!
//! What goes wrong because of the caller names the thing, the value, the rule and the next step. What goes wrong in the
//! box is logged once, here, and answered with constant words.

use crate::db::Origin;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use std::fmt;

macro_rules! codes {
    ($($name:ident = $code:literal, $status:literal, $message:literal, $next:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($name),* }

        impl Code {
            pub const ALL: &[Code] = &[$(Code::$name),*];

            /// What programs compare.
            pub fn word(self) -> &'static str {
                match self { $(Code::$name => $code),* }
            }

            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status),* }
            }

            fn message(self) -> &'static str {
                match self { $(Code::$name => $message),* }
            }

            fn next(self) -> &'static str {
                match self { $(Code::$name => $next),* }
            }
        }
    };
}

codes! {
    Unauthorized = "unauthorized", 401, "This needs a login, or the token of an API key.", "Log in, or send a key as \"Authorization: Bearer TOKEN\". An account's administrators make keys: POST /api/v1/api-keys; at the box itself: phonebox token rotate";
    WrongLogin = "wrong-login", 401, "The login name or the password is wrong.", "Try again, or ask for a new password.";
    CodeNeeded = "code-needed", 401, "The code of your authenticator app is needed, and what was sent is not it.", "Send the present code, or one of your recovery codes.";
    StaleSignature = "stale-signature", 401, "The request was signed too long ago, or by a clock that is wrong.", "Set the clock of the program, then sign the request again.";
    ReplayedNonce = "replayed-nonce", 401, "The nonce of the signature was used already.", "Sign every request with a nonce of its own.";
    Forbidden = "forbidden", 403, "You may not do this.", "Ask whoever manages the users of your account.";
    ConsoleOnly = "console-only", 403, "This is done at the box itself only.", "Use its command line: phonebox --help";
    Csrf = "csrf", 403, "The request does not come from the page of this box.", "Load the page again. Programs send X-CSRF-Token, or use an API key.";
    PasswordDue = "password-due", 403, "The password must be changed first: somebody else chose it.", "PUT /api/v1/me/password";
    TotpDue = "totp-due", 403, "An authenticator app must be set up first.", "POST /api/v1/me/totp";
    SetupDone = "setup-done", 403, "This box has been set up.", "Log in. A lost administrator: phonebox reset-admin";
    WrongCode = "wrong-code", 403, "The setup code is wrong.", "It stands on the start screen, and changes with every start. Without it: phonebox setup";
    BadPassword = "bad-password", 422, "The password is not accepted.", "Choose another one.";
    BadLink = "bad-link", 403, "The link does not work: it was used, replaced, or is too old.", "Ask for a new one.";
    TooMany = "too-many", 429, "There were too many attempts.", "Wait a moment, then try again.";
    TokenInUrl = "token-in-url", 400, "A token in a URL ends up in logs and is not accepted.", "Send it as \"Authorization: Bearer TOKEN\", and make a new one: POST /api/v1/api-keys/ID/reset, or at the box phonebox token rotate";
    NotFound = "not-found", 404, "There is nothing of that name.", "Look at the list.";
    NoRoute = "no-route", 404, "There is no such address here.", "The addresses are listed in /api/v1/openapi.json.";
    Method = "method-not-allowed", 405, "This address does not know that method.", "The methods are listed in /api/v1/openapi.json.";
    BadRequest = "bad-request", 400, "The request is not well formed.", "Correct it and send it again.";
    BadJson = "bad-json", 400, "The body is not the JSON that is expected here.", "The fields are described in /api/v1/openapi.json.";
    MediaType = "media-type", 415, "The body must be JSON.", "Send it with \"Content-Type: application/json\".";
    TooLarge = "too-large", 413, "The body is larger than allowed.", "Send less at once.";
    TooSlow = "too-slow", 408, "The body did not arrive in time.", "Send it again.";
    BadValue = "bad-value", 422, "A value is not accepted.", "Correct it and send it again.";
    BadSetting = "bad-setting", 422, "A setting is not accepted.", "Correct it and send it again.";
    BadUrl = "bad-url", 422, "A URL is not accepted.", "Correct it and send it again.";
    BadFile = "bad-file", 400, "The file cannot be read.", "Correct it and send it again.";
    Exists = "exists", 409, "That exists already.", "Choose another name, or change the one there is.";
    InUse = "in-use", 409, "That is still in use.", "Take it out of use first.";
    KeyFile = "key-file", 409, "The sealing key cannot be changed.", "Put it where this user may write.";
    Busy = "busy", 409, "That is being done already.", "Wait until it is finished.";
    Full = "storage-full", 507, "The disk of the box is full. Nothing was changed.", "Make room on the disk of the box, then send the request again.";
    Storage = "storage", 503, "The box cannot write to its disk. Nothing was changed.", "Look at the disk of the box: is it read-only or failing?";
    Held = "database-held", 503, "Another program holds the database of the box. Nothing was changed.", "Close the program that has opened phonebox.db, then send the request again.";
    Internal = "internal", 500, "Something went wrong in the box.", "The box's log says what. Please report it.";
}

/// A refusal or failure on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    pub message: String,
    pub next: String,
    /// Seconds until it is worth asking again.
    pub retry_after: Option<i64>,
}

impl Problem {
    pub fn new(code: Code, message: impl Into<String>, next: impl Into<String>) -> Problem {
        Problem { code, message: message.into(), next: next.into(), retry_after: None }
    }

    /// `what` is a noun with its name: `the site "Berlin"`.
    pub fn not_found(what: impl fmt::Display, next: impl Into<String>) -> Problem {
        Problem::new(Code::NotFound, format!("There is no {what}."), next)
    }

    pub fn bad_value(message: impl Into<String>, next: impl Into<String>) -> Problem {
        Problem::new(Code::BadValue, message, next)
    }

    /// What the client sees of an error of the box's own; the log gets the rest.
    pub fn internal(error: impl fmt::Display) -> Problem {
        tracing::error!(%error, "a request failed");
        Code::Internal.into()
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Problem {
        Problem::new(code, code.message(), code.next())
    }
}

impl From<crate::db::Error> for Problem {
    fn from(error: crate::db::Error) -> Problem {
        match error {
            _ if error.is_full() => Code::Full.into(),
            _ if error.is_busy() => Code::Held.into(),
            // Nobody hears it.
            _ if error.is_interrupted() => Code::Internal.into(),
            // The database has told its cause, once.
            _ if error.is_storage() => Code::Storage.into(),
            _ => Problem::internal(error),
        }
    }
}

impl From<crate::seal::SealError> for Problem {
    fn from(error: crate::seal::SealError) -> Problem {
        Problem::internal(error)
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Problem {
        tracing::error!(%error, "a file could not be written or read");
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Code::Full.into(),
            _ => Code::Storage.into(),
        }
    }
}

impl From<crate::settings::SettingError> for Problem {
    fn from(error: crate::settings::SettingError) -> Problem {
        let message = match &error.value {
            Some(value) => format!("{}: {value:?} is not accepted: {}.", error.setting, error.rule),
            None => format!("{}: {}.", error.setting, error.rule),
        };
        Problem::new(Code::BadSetting, message, error.next)
    }
}

impl From<crate::profiles::UrlError> for Problem {
    fn from(error: crate::profiles::UrlError) -> Problem {
        let message = format!("The URL \"{}\" is not accepted: {}.", error.url, error.rule);
        Problem::new(Code::BadUrl, message, "Write it like https://server.example:8443/directory")
    }
}

/// How every error looks on the wire.
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct ErrorBody {
    pub error: ErrorFields,
}

#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct ErrorFields {
    /// Stable word for programs.
    pub code: String,
    /// What is wrong: the thing, the value, the rule.
    pub message: String,
    /// What to do now.
    pub next: String,
    /// The request's id: the box's log and its audit log have it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl Problem {
    pub fn body(&self) -> ErrorBody {
        let Problem { code, message, next, .. } = self;
        let request = Origin::current().map(|origin| origin.request.clone());
        ErrorBody {
            error: ErrorFields { code: code.word().into(), message: message.clone(), next: next.clone(), request },
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.message, self.next)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        match self.code {
            Code::Unauthorized | Code::StaleSignature | Code::ReplayedNonce => {
                answer.insert_header(("WWW-Authenticate", "Bearer realm=\"phonebox\""))
            }
            Code::Full | Code::Storage | Code::Held => answer.insert_header(("Retry-After", "60")),
            // What is left of a body that was not read must not be taken for the next request.
            Code::TooLarge | Code::TooSlow => answer.force_close().insert_header(("Connection", "close")),
            _ => &mut answer,
        };
        if let Some(seconds) = self.retry_after {
            answer.insert_header(("Retry-After", seconds.to_string()));
        }
        answer.json(self.body())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_word_a_status_and_words() {
        for (place, code) in Code::ALL.iter().enumerate() {
            assert!(Code::ALL.iter().skip(place + 1).all(|other| other.word() != code.word()), "{code:?}");
            assert!(code.word().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code:?}");
            let problem = Problem::from(*code);
            assert_eq!(problem.status_code().as_u16(), code.status());
            assert!(code.status() >= 400 && problem.message.ends_with('.') && !problem.next.is_empty(), "{code:?}");
        }
    }

    #[test]
    fn an_error_of_the_box_is_answered_with_constant_words() {
        let error = crate::db::Error::Damaged("row 7 of device holds hunter2".into());
        assert_eq!(Problem::from(error), Problem::from(Code::Internal));
    }
}
