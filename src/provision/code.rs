//! A login that is an enrollment code (architecture §3): the account's number as user and the site's PIN as password, or
//! all twelve digits as user with no password, or with themselves as password.
//!
//! Looked at only after no device's login fitted, and only for a MAC that the request names. It opens nothing by itself: a
//! good one makes the device what an administrator's activation makes it, and the request is then answered as in that
//! first-contact window. Everything else is answered as any wrong login is.

use super::authorize::{Credential, Refusal};
use super::load::account_of;
use super::login::Given;
use super::pipeline::Pipeline;
use super::subject::Subject;
use super::{Method, Request};
use crate::checkins::Reason;
use crate::db::{BOX_ACCOUNT, Connection, Error, Origin};
use crate::devices::{self, Device, State};
use crate::enrollment::codes::store::{self, Counted, Site};
use crate::enrollment::codes::{self, Entry, Phone};
use crate::models;
use crate::net::Mac;
use crate::vendors::Identity;
use std::net::IpAddr;

/// What came of a code, and what the check-in says more of it.
pub(super) struct Shown {
    pub outcome: Result<Credential, Refusal>,
    pub detail: Option<String>,
}

/// What a code says, whoever shows it.
enum Found {
    Site(Site),
    /// Two sites were given the same PIN.
    Twice,
    Wrong(Reason),
}

/// What a code may do for the device of this MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It may be enrolled.
    Enrolls,
    /// It is active and still in its window: the code of its own site says again whose it is.
    Continues,
    /// It has another way, is blocked, or is somebody else's.
    Settled,
}

fn standing(device: Option<&Device>, peer: IpAddr, now: i64) -> Standing {
    let Some(device) = device else { return Standing::Enrolls };
    let is_nobodys = device.account_id == BOX_ACCOUNT && device.site_id.is_none() && device.profile_id.is_none();
    let is_its = device.window_peer.as_ref().is_none_or(|first| *first == peer.to_string());
    match device.state {
        State::Blocked => Standing::Settled,
        _ if device.proof.is_some() => Standing::Settled,
        State::Known => Standing::Enrolls,
        State::Active if is_nobodys => Standing::Enrolls,
        State::Active if device.window_open(now) && is_its => Standing::Continues,
        State::Active => Standing::Settled,
    }
}

/// Whether a code of this account may take the device (AVA-206).
fn may_take(device: &Device, site: &Site) -> bool {
    device.account_id == site.account_id || device.account_id == BOX_ACCOUNT && device.site_id.is_none()
}

fn is_of(device: &Device, site: &Site) -> bool {
    device.account_id == site.account_id && device.site_id == Some(site.id)
}

fn refused(reason: Reason, is_guess: bool, detail: Option<String>) -> Shown {
    Shown { outcome: Err(Refusal::challenge(reason, is_guess)), detail }
}

fn taken() -> Shown {
    Shown { outcome: Ok(Credential::Code), detail: None }
}

impl Pipeline {
    /// `None`: the login is no code, or one that changes nothing. `listens`: the phones of this network may have settings.
    pub(super) async fn code(
        &self,
        request: &Request<'_>,
        identity: &Identity<'_>,
        listens: bool,
    ) -> Result<Option<Shown>, Error> {
        let is_asking = matches!(request.method, Method::Get | Method::Head);
        let Some(mac) = identity.mac.filter(|_| is_asking && identity.conflict.is_none()) else { return Ok(None) };
        let given = request
            .authorization
            .and_then(|header| self.logins.read(header, request.verb, Some(request.path), request.now));
        let Some(given) = given else { return Ok(None) };
        let Some(entry) = Entry::of(given.user()).filter(|entry| is_code(entry, &given)) else { return Ok(None) };
        if !listens {
            return Ok(Some(refused(Reason::CodeElsewhere, true, None)));
        }
        let subject = self.subjects.get(mac)?;
        let device = subject.as_ref().map(|subject| &subject.device);
        let standing = standing(device, request.peer, request.now);
        let found = self.db.read(|conn| find(conn, &entry, &given))?;
        if !matches!(found, Found::Wrong(_)) && !self.logins.is_first(&given) {
            // The next file of the phone that the code let in: all that it takes is another nonce.
            let is_its_own = matches!((&found, device), (Found::Site(site), Some(device)) if is_of(device, site));
            let continues = is_its_own && standing == Standing::Continues;
            return Ok(continues.then(|| Shown { outcome: Err(Refusal::again()), detail: None }));
        }
        if standing == Standing::Settled {
            let is_wrong = matches!(found, Found::Wrong(_));
            return Ok((!is_wrong).then(|| refused(Reason::CodeNotTaken, true, None)));
        }
        if let Some(until) = self.db.read(|conn| store::locked_until(conn, mac, request.now))? {
            return Ok(Some(locked(until, request.now)));
        }
        let origin = Origin::new(Some(request.peer), "code", None);
        let shown = match found {
            Found::Twice => refused(Reason::CodeTwice, false, None),
            Found::Wrong(reason) => origin.scope(self.wrong(reason, mac, subject.as_deref(), request)).await?,
            Found::Site(site) => match (standing, device) {
                (Standing::Continues, Some(device)) if is_of(device, &site) => taken(),
                (Standing::Enrolls, None) => origin.scope(self.enroll(site, mac, identity, request)).await?,
                (Standing::Enrolls, Some(device)) if may_take(device, &site) => {
                    origin.scope(self.enroll(site, mac, identity, request)).await?
                }
                _ => refused(Reason::CodeNotTaken, true, None),
            },
        };
        Ok(Some(shown))
    }

    async fn wrong(
        &self,
        reason: Reason,
        mac: Mac,
        subject: Option<&Subject>,
        request: &Request<'_>,
    ) -> Result<Shown, Error> {
        let (account_id, peer, now) = (account_of(subject), request.peer.to_string(), request.now);
        let counted = self.db.write(move |tx| store::count_wrong(tx, account_id, mac, &peer, now)).await?;
        let detail = match counted {
            Counted::Wrong { count, lockout } => {
                format!(
                    "wrong code {count}; after more than {} none is taken for {} minutes",
                    lockout.attempts, lockout.minutes
                )
            }
            Counted::Locked { until } => format!("no code is taken from it for {}", minutes(until, now)),
        };
        Ok(refused(reason, true, Some(detail)))
    }

    /// Looked at once more where it is written: what was read before may be old.
    async fn enroll(
        &self,
        site: Site,
        mac: Mac,
        identity: &Identity<'_>,
        request: &Request<'_>,
    ) -> Result<Shown, Error> {
        let phone = Phone {
            mac,
            peer: request.peer,
            vendor: identity.vendor.map(|vendor| vendor.name.to_owned()),
            model: identity.model.as_deref().and_then(|model| models::model(identity.vendor, model).ok()),
        };
        let (keys, window, now) = (self.keys.clone(), self.limits.window, request.now);
        let write = self.db.write(move |tx| {
            if let Some(until) = store::locked_until(tx, mac, now)? {
                return Ok(locked(until, now));
            }
            let device = devices::store::by_mac(tx, &keys, mac)?;
            // Two files asked for at once: the other one was first.
            if device.as_ref().is_some_and(|device| is_of(device, &site))
                && standing(device.as_ref(), phone.peer, now) == Standing::Continues
            {
                return Ok(taken());
            }
            let is_free = device.as_ref().is_none_or(|device| {
                may_take(device, &site) && standing(Some(device), phone.peer, now) == Standing::Enrolls
            });
            // A certificate would be its proof in the next account, too.
            let moves = device.as_ref().is_some_and(|device| device.account_id != site.account_id);
            if !is_free || moves && store::holds_certificate(tx, mac, now)? {
                return Ok(refused(Reason::CodeNotTaken, true, None));
            }
            if !store::is_still(tx, &site)? {
                return Ok(refused(Reason::CodePin, true, None));
            }
            let own = device.as_ref().filter(|device| device.account_id == site.account_id);
            if own.and_then(|device| device.profile_id).or(site.profile_id).is_none() {
                codes::no_profile(tx, mac, &site, now)?;
                return Ok(refused(Reason::CodeNoProfile, false, Some(format!("the site {}", site.name))));
            }
            codes::enroll(tx, &keys, &phone, device.as_ref(), &site, window, now)?;
            Ok::<_, Error>(taken())
        });
        write.await
    }
}

/// Of twelve digits only what can be nothing else: a MAC may look like that, and has a password.
fn is_code(entry: &Entry<'_>, given: &Given) -> bool {
    entry.pin.is_none() || given.is("") || given.is(given.user())
}

fn find(conn: &Connection, entry: &Entry<'_>, given: &Given) -> Result<Found, Error> {
    let Some(account) = store::account(conn, entry.number)?.filter(|account| account.enabled) else {
        return Ok(Found::Wrong(Reason::CodeNumber));
    };
    let pin = match entry.pin.or(given.password()) {
        Some(pin) => Some(pin.to_owned()),
        // Digest tells no password: which of the account's it was made of.
        None => store::pins(conn, account.id)?.into_iter().find(|pin| given.is(pin)),
    };
    let mut sites = pin.map_or_else(|| Ok(Vec::new()), |pin| store::sites(conn, account.id, &pin))?;
    Ok(match (sites.pop(), sites.is_empty()) {
        (None, _) => Found::Wrong(Reason::CodePin),
        (Some(site), true) => Found::Site(site),
        (Some(_), false) => Found::Twice,
    })
}

fn locked(until: i64, now: i64) -> Shown {
    refused(Reason::CodeLocked, true, Some(format!("for {} more", minutes(until, now))))
}

/// The minutes that are left, the one begun counted whole.
fn minutes(until: i64, now: i64) -> String {
    match (until - now + 59_999) / 60_000 {
        1 => "1 minute".to_owned(),
        left => format!("{left} minutes"),
    }
}
