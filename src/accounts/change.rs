//! What may be changed of an account, and by whom: itself, or only the one above.

use super::letters::{Words, because, tell};
use super::view::{self, AccountView, ChangeAccount, Service};
use super::{Kind, store};
use crate::db::{BOX_ACCOUNT, Tx};
use crate::seal::Keyring;
use crate::users::directory::must_hold;
use crate::users::{Actor, Permissions};
use crate::web::{Code, Problem, Result, words};
use crate::{alarms, mail};

const REASON: usize = 500;

/// Lays what was said over the account. Answers the names of it. A CA and its list were looked at before.
pub fn apply(tx: &Tx, actor: &Actor, body: &ChangeAccount, account: &mut AccountView) -> Result<Vec<&'static str>> {
    let address = account.contact.email.clone();
    let mut told = body.lay_over(&mut account.contact)?;
    if account.contact.email != address {
        refuse_guests(actor, "email", MAILS)?;
    }
    let from_above = is_from_above(tx, actor, account.id)?;
    let above = |field: &str| match from_above {
        true => Ok(()),
        false => {
            let message = format!("{field}: the account above yours decides this.");
            Err(Problem::new(Code::Forbidden, message, "Ask there."))
        }
    };
    if let Some(name) = &body.name {
        account.name = words::title("The account", name)?;
        told.push("name");
    }
    if let Some(reference) = &body.reference {
        above("reference")?;
        let new = view::reference(reference.as_deref().unwrap_or_default())?;
        if new != account.reference {
            view::refuse_misfit(account.kind, new.as_deref(), None)?;
        }
        account.reference = new;
        told.push("reference");
    }
    if let Some(link_id) = &body.link_id {
        let new = view::link_id(link_id.as_deref().unwrap_or_default())?;
        if new != account.link_id {
            view::refuse_misfit(account.kind, None, new.as_deref())?;
        }
        account.link_id = new;
        told.push("link_id");
    }
    let opens_logins = body.client_ca.as_ref().is_some_and(|ca| *ca != account.client_ca)
        || body.client_ca_list.is_some()
        || body.public_ca.is_some_and(|public| public != account.public_ca)
        || (body.two_factor == Some(false) && account.two_factor);
    if opens_logins {
        // Of everybody in there, whatever they may do.
        must_hold(actor, account.id, Permissions::all())?;
    }
    let parent_id = store::parent(tx, account.id)?.unwrap_or(0);
    refuse_taken(tx, parent_id, &account.name, account.link_id.as_deref(), account.id)?;
    if let Some(two_factor) = body.two_factor {
        if two_factor != account.two_factor {
            refuse_guests(actor, "two_factor", "how its users log in")?;
            if !two_factor && store::two_factor_is_required(tx, account.id)? {
                above("two_factor")?;
            }
            store::require_two_factor(tx, account.id, two_factor && account.id != BOX_ACCOUNT && from_above)?;
        }
        account.two_factor = two_factor;
        told.push("two_factor");
    }
    for (field, wanted, service) in [
        ("api_access", body.api_access, &mut account.api_access),
        ("switching", body.switching, &mut account.switching),
    ] {
        let Some(wanted) = wanted else { continue };
        if wanted == Service::On || (*service == Service::On && wanted == Service::Requested) {
            above(field)?;
        }
        *service = wanted;
        told.push(field);
    }
    if let Some(policy) = body.firmware_policy {
        above("firmware_policy")?;
        account.firmware_policy = policy;
        told.push("firmware_policy");
    }
    if let Some(client_ca) = &body.client_ca {
        if *client_ca != account.client_ca {
            store::set_client_ca_list(tx, account.id, None)?;
            account.client_ca_listed = false;
        }
        account.client_ca = client_ca.clone();
        told.push("client_ca");
    }
    if let Some(list) = &body.client_ca_list {
        store::set_client_ca_list(tx, account.id, list.as_deref())?;
        account.client_ca_listed = list.is_some();
        told.push("client_ca_list");
    }
    if let Some(public_ca) = body.public_ca {
        account.public_ca = public_ca;
        told.push("public_ca");
    }
    Ok(told)
}

/// Where the mails about everything that happens in there go.
pub const MAILS: &str = "where its mails go";

/// What would stay behind when the guest is gone, or keep it from being sent away (YMC-177): `what` in words.
pub fn refuse_guests(actor: &Actor, field: &str, what: &str) -> Result<()> {
    if !actor.guest {
        return Ok(());
    }
    let message = format!("{field}: you are a guest in this account: {what} stays its own.");
    Err(Problem::new(Code::Forbidden, message, "Leave it as it is, or ask one of its own administrators."))
}

/// What a superior decides is not the account's own to say, nor a guest's whom it let in. The box's account has none above.
fn is_from_above(tx: &Tx, actor: &Actor, id: i64) -> Result<bool> {
    let inside = actor.home_id != id && store::is_within(tx, actor.home_id, id)?;
    Ok(id == BOX_ACCOUNT || id != actor.account_id || inside)
}

/// Tells the one above what is asked for, and the account what became of it (AVA-168, AVA-279 to AVA-281).
pub fn tell_services(
    tx: &Tx,
    keys: &Keyring,
    actor: &Actor,
    (before, after): (&AccountView, &AccountView),
    reason: Option<&str>,
    now: i64,
) -> Result<()> {
    let reason = reason.map(|text| words::line("reason", text, REASON)).transpose()?.flatten();
    for (kind, thing, was, is) in [
        ("api-access", "API access", before.api_access, after.api_access),
        ("switching", "Working inside the accounts below", before.switching, after.switching),
    ] {
        if was == is {
            continue;
        }
        let (name, number) = (mail::line(&after.name), after.number);
        let object = number.to_string();
        let parent = store::parent(tx, after.id)?.unwrap_or(BOX_ACCOUNT);
        let from_above = is_from_above(tx, actor, after.id)?;
        alarms::store::close_kind(tx, kind, &object, now)?;
        let letter = |body: String| Words { kind: "service", subject: "A service of an account", body };
        match (was, is) {
            (_, Service::Requested) => {
                let text = format!("{name} ({number}) asks for: {thing}. Decide it among the accounts.");
                alarms::store::raise(tx, parent, kind, &object, &text, now)?;
                tell(tx, keys, parent, &letter(text), Some("alarm"), now)?;
            }
            (_, Service::On) => {
                let letter = letter(format!("{thing} is granted to {name} ({number})."));
                tell(tx, keys, after.id, &letter, None, now)?;
                let below = if kind == "switching" { store::resellers_below(tx, after.id)? } else { Vec::new() };
                below.into_iter().try_for_each(|below| tell(tx, keys, below, &letter, None, now))?;
            }
            // What it asked for, or has, it gives back itself.
            (_, Service::Off) if !from_above => {}
            (Service::Requested, Service::Off) if reason.is_none() => {
                return Err(Problem::bad_value("reason: what was asked for is declined.", "Say why."));
            }
            (_, Service::Off) => {
                let done = if was == Service::On { "ended" } else { "declined" };
                let text = format!("{thing} is {done} for {name} ({number}).{}", because(reason.as_deref()));
                tell(tx, keys, after.id, &letter(text), None, now)?;
            }
        }
    }
    Ok(())
}

/// What a new account may do at once: a company that came by itself works inside others only when that is granted.
pub fn first_switching(kind: Kind) -> Service {
    if kind == Kind::Provider { Service::Off } else { Service::On }
}

pub fn refuse_taken(tx: &Tx, parent_id: i64, name: &str, link_id: Option<&str>, but: i64) -> Result<()> {
    let taken =
        |what: &str| Err(Problem::new(Code::Exists, format!("There is {what} already."), "Choose another one."));
    if store::name_is_taken(tx, parent_id, name, but)? {
        return taken(&format!("an account {name:?} there"));
    }
    match link_id {
        Some(link_id) if store::link_id_is_taken(tx, link_id, but)? => taken(&format!("the link id {link_id:?}")),
        _ => Ok(()),
    }
}
