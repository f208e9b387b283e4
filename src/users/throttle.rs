//! Slows those who guess passwords and codes, without letting them lock anybody out.
//!
//! Failures are counted for three things: one login from one source, one source, one login from everywhere. The last two
//! slow only sources from which that login never succeeded, and a browser in which it did is a source of its own: a
//! stranger's failures never reach the person at their own desk, not even from the same address. An attempt counts as
//! failed from its start on, so that many at once are no more than many in a row. What is not a login is counted like one,
//! so that the answers tell nothing; what is no login at all (a request for a link, a sign-up, a link that is used) is
//! counted in a room of its own.

use super::browser::Browser;
use crate::web::{Code, Problem};
use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

const MINUTE: i64 = 60_000;
/// How long failures are remembered after the last one.
const MEMORY: i64 = 15 * MINUTE;
/// Entries of each kind; beyond it the older half is forgotten.
const MOST: usize = 16_384;
const OF_PAIR: u32 = 5;
const OF_SOURCE: u32 = 50;
const OF_NAME: u32 = 50;

/// What is slowed: a login, or what else is counted by a name, with how much of it is free.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    room: &'static str,
    name: String,
    free: u32,
}

impl Key {
    /// Of a person who logs in or shows their password again.
    pub fn login(name: &str) -> Key {
        Key { room: "login", name: name.trim().to_lowercase(), free: OF_PAIR }
    }

    pub fn of(room: &'static str, name: impl Display) -> Key {
        Key { room, name: name.to_string(), free: OF_PAIR }
    }

    /// Without a name: counted for each network by itself, so that strangers shut no door for others.
    pub fn of_network(room: &'static str, source: IpAddr) -> Key {
        Key::of(room, network(source))
    }

    /// This often from one source before it is slowed.
    pub fn free(self, free: u32) -> Key {
        Key { free, ..self }
    }
}

/// From where somebody logs in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Network(IpAddr),
    Browser(Browser),
}

#[derive(Default)]
pub struct Throttle {
    pairs: Counts<(Key, Place)>,
    sources: Counts<(&'static str, IpAddr)>,
    names: Counts<Key>,
    /// From where a login succeeded.
    known: Counts<(Key, Place)>,
}

struct Counts<K>(Mutex<HashMap<K, Count>>);

#[derive(Clone, Copy)]
struct Count {
    failed: u32,
    last: i64,
}

impl<K> Default for Counts<K> {
    fn default() -> Counts<K> {
        Counts(Mutex::default())
    }
}

impl<K: Hash + Eq> Counts<K> {
    /// Until when it must wait: one second more than nothing, twice as long with every failure.
    fn until(&self, key: &K, free: u32, now: i64) -> i64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get(key) {
            Some(count) if count.failed >= free && now - count.last < MEMORY => {
                count.last + (1_000 << (count.failed - free).min(9)).min(5 * MINUTE)
            }
            _ => now,
        }
    }

    fn add(&self, key: K, now: i64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST {
            let mut times: Vec<i64> = counts.values().map(|count| count.last).collect();
            let (_, middle, _) = times.select_nth_unstable(MOST / 2);
            let middle = *middle;
            counts.retain(|_, count| count.last > middle);
        }
        let count = counts.entry(key).or_insert(Count { failed: 0, last: now });
        count.failed = if now - count.last < MEMORY { count.failed.saturating_add(1) } else { 1 };
        count.last = now;
    }

    fn take_back(&self, key: &K) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(key) {
            count.failed = count.failed.saturating_sub(1);
        }
    }

    fn forget(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn has(&self, key: &K) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }
}

impl Throttle {
    /// Before a password or code is looked at.
    pub fn check(&self, key: &Key, source: IpAddr, now: i64) -> Result<(), Problem> {
        self.check_at(key, Place::Network(network(source)), now)
    }

    fn check_at(&self, key: &Key, place: Place, now: i64) -> Result<(), Problem> {
        let pair = (key.clone(), place);
        let mut until = self.pairs.until(&pair, key.free, now);
        if let Place::Network(source) = place
            && !self.known.has(&pair)
        {
            until = until.max(self.sources.until(&(key.room, source), OF_SOURCE, now));
            until = until.max(self.names.until(key, OF_NAME, now));
        }
        if until > now { Err(too_many(until - now)) } else { Ok(()) }
    }

    pub fn failed(&self, key: &Key, source: IpAddr, now: i64) {
        self.failed_at(key, Place::Network(network(source)), now);
    }

    fn failed_at(&self, key: &Key, place: Place, now: i64) {
        self.pairs.add((key.clone(), place), now);
        if let Place::Network(source) = place {
            self.sources.add((key.room, source), now);
            self.names.add(key.clone(), now);
        }
    }

    /// Somebody proves who they are, in a browser that may be known for it.
    pub fn attempt(
        &self,
        key: Key,
        source: IpAddr,
        browser: Option<Browser>,
        now: i64,
    ) -> Result<Attempt<'_>, Problem> {
        let known = browser.map(Place::Browser).filter(|place| self.known.has(&(key.clone(), *place)));
        let place = known.unwrap_or(Place::Network(network(source)));
        self.check_at(&key, place, now)?;
        self.failed_at(&key, place, now);
        Ok(Attempt { throttle: self, key, place, source: network(source), counts: false })
    }
}

/// One that is under way: it counts as failed until it ends, and after that if it did.
#[must_use]
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    key: Key,
    place: Place,
    source: IpAddr,
    counts: bool,
}

impl Attempt<'_> {
    pub fn failed(&mut self) {
        self.counts = true;
    }

    /// From there, and in that browser, strangers slow it no more.
    pub fn succeeded(&self, browser: Browser, now: i64) {
        self.throttle.pairs.forget(&(self.key.clone(), self.place));
        for place in [Place::Network(self.source), Place::Browser(browser)] {
            self.throttle.known.add((self.key.clone(), place), now);
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.counts {
            return;
        }
        self.throttle.pairs.take_back(&(self.key.clone(), self.place));
        if let Place::Network(source) = self.place {
            self.throttle.sources.take_back(&(self.key.room, source));
            self.throttle.names.take_back(&self.key);
        }
    }
}

/// T90: names that are taken are no list to read through. Whoever hears of many waits.
impl Throttle {
    pub fn may_ask_for_names(&self, account_id: i64, source: IpAddr, now: i64) -> Result<(), Problem> {
        self.check(&Key::of("names", account_id), source, now)
    }

    pub fn heard_of_a_name(&self, account_id: i64, source: IpAddr, problem: Option<&Problem>, now: i64) {
        if problem.is_some_and(|problem| problem.code == Code::Exists) {
            self.failed(&Key::of("names", account_id), source, now);
        }
    }
}

/// Who has one address of IPv6 has the whole /64.
pub fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

pub fn too_many(wait: i64) -> Problem {
    Problem { retry_after: Some((wait + 999) / 1_000), ..Code::TooMany.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn threat_051_the_waits_grow_and_end() {
        let throttle = Throttle::default();
        let (alice, source) = (Key::login("alice"), at("192.0.2.1"));
        let mut waits = Vec::new();
        for _ in 0..20 {
            let wait = throttle.check(&alice, source, 0).err().and_then(|problem| problem.retry_after);
            waits.push(wait.unwrap_or(0));
            throttle.failed(&alice, source, 0);
        }
        assert_eq!(waits[..9], [0, 0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(waits[19], 300, "five minutes at most");
        assert!(throttle.check(&alice, source, 299_000).is_err());
        assert_eq!(throttle.check(&alice, source, 300_000), Ok(()));
    }

    #[test]
    fn threat_051_strangers_do_not_lock_out_whom_the_box_knows() {
        let throttle = Throttle::default();
        let (alice, desk) = (Key::login("alice"), at("192.0.2.1"));
        throttle.attempt(alice.clone(), desk, None, 0).unwrap().succeeded(Browser::new().unwrap(), 0);
        for host in 1..=200 {
            throttle.failed(&alice, at(&format!("198.51.100.{host}")), 0);
        }
        assert_eq!(throttle.check(&alice, desk, 0), Ok(()));
        assert!(throttle.check(&alice, at("203.0.113.1"), 0).is_err(), "a new source waits");
        assert_eq!(throttle.check(&Key::login("bob"), at("203.0.113.1"), 0), Ok(()));
    }

    #[test]
    fn threat_051_a_stranger_at_the_same_address_locks_nobody_out_who_has_logged_in_there() {
        let (throttle, desk) = (Throttle::default(), at("192.0.2.1"));
        let alice = Key::login("Alice ");
        throttle.attempt(alice.clone(), desk, None, 0).unwrap().succeeded(Browser::new().unwrap(), 0);
        for number in 0..100 {
            throttle.failed(&Key::login(&format!("user{number}")), desk, 0);
        }
        assert!(throttle.check(&Key::login("bob"), desk, 0).is_err());
        assert_eq!(throttle.check(&Key::login("alice"), desk, 0), Ok(()));
        // The own failures count as ever.
        (0..6).for_each(|_| throttle.failed(&alice, desk, 0));
        assert!(throttle.check(&alice, desk, 0).is_err());
    }

    #[test]
    fn what_is_no_login_slows_none() {
        let (throttle, desk) = (Throttle::default(), at("192.0.2.1"));
        for number in 0..100 {
            throttle.failed(&Key::of("forgotten", number), desk, 0);
            throttle.failed(&Key::of_network("link", desk), desk, 0);
            throttle.failed(&Key::login("forgotten bob"), desk, 0);
        }
        let other = at("192.0.2.2");
        assert!(throttle.check(&Key::of("forgotten", "x"), desk, 0).is_err(), "a source's own requests add up");
        assert_eq!(
            throttle.check(&Key::of("forgotten", "bob"), other, 0),
            Ok(()),
            "a login of that name is another thing"
        );
        assert!(throttle.check(&Key::of_network("link", desk), desk, 0).is_err());
        let many = Key::of_network("sign-up", desk).free(20);
        (0..20).for_each(|_| throttle.failed(&many, desk, 0));
        assert!(throttle.check(&many, desk, 0).is_err() && throttle.check(&many, desk, 1_000).is_ok());
        let throttle = Throttle::default();
        (0..100).for_each(|number| throttle.failed(&Key::of("forgotten", number), desk, 0));
        assert_eq!(throttle.check(&Key::login("bob"), desk, 0), Ok(()));
    }

    #[test]
    fn a_source_that_tries_many_logins_waits_too_and_memory_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..100 {
            throttle.failed(&Key::login(&format!("user{number}")), at("2001:db8::1"), 0);
        }
        assert!(throttle.check(&Key::login("new"), at("2001:db8::2"), 0).is_err(), "the same /64");
        assert_eq!(throttle.check(&Key::login("new"), at("2001:db8:0:1::2"), 0), Ok(()));
        for number in 0..40_000u32 {
            throttle.failed(&Key::login(&number.to_string()), IpAddr::from(number.to_be_bytes()), i64::from(number));
        }
        assert!(throttle.pairs.0.lock().unwrap().len() <= MOST && throttle.names.0.lock().unwrap().len() <= MOST);
    }
}
