//! `phonebox setup` and `phonebox reset-admin`: the first user, and the way back for a lost one.

use super::console::{Client, Method};
use super::{Failure, secret, table};
use clap::Args;
use serde_json::json;

/// Make the first user of a fresh box
#[derive(Args)]
pub struct Setup {
    /// The company that uses the box
    #[arg(long)]
    company: String,
    #[arg(long)]
    login: String,
    /// The user's name as it is shown; absent: first and last name, or the login name
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    first_name: Option<String>,
    #[arg(long)]
    last_name: Option<String>,
    #[arg(long)]
    email: String,
    /// @FILE, or @- to read it from standard input
    #[arg(long, default_value = "@-")]
    password: String,
    /// The language of the page: en or de, with or without a region like de-AT
    #[arg(long, default_value = "en")]
    locale: String,
}

pub async fn run(client: &Client, setup: Setup, as_json: bool) -> Result<(), Failure> {
    let password = secret::chosen("password", &setup.password)?;
    let is_nameless = setup.first_name.is_none() && setup.last_name.is_none();
    let name = setup.name.as_ref().or(is_nameless.then_some(&setup.login));
    let body = json!({
        "account": { "name": setup.company, "email": setup.email },
        "user": {
            "login": setup.login, "name": name, "first_name": setup.first_name, "last_name": setup.last_name,
            "email": setup.email, "password": password, "locale": setup.locale,
        },
    });
    let answer = client.call(Method::POST, "/setup", Some(&body)).await?;
    match as_json {
        true => table::json(&answer),
        false => table::say(&format!("The box is set up. Log in as {}.", setup.login)),
    }
    Ok(())
}

/// Give a lost administrator a temporary password
#[derive(Args)]
pub struct ResetAdmin {
    /// Absent: the first user of the box's account who may do everything
    login: Option<String>,
}

pub async fn reset(client: &Client, lost: ResetAdmin, as_json: bool) -> Result<(), Failure> {
    let answer = client.call(Method::POST, "/users/reset-admin", Some(&json!({ "login": lost.login }))).await?;
    let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    match as_json {
        true => table::json(&answer),
        false => table::say(&format!(
            "Log in as {} with this password, and choose another one then: {}",
            word("login"),
            word("password")
        )),
    }
    Ok(())
}
