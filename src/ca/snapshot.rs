//! What the handshake looks at: authorities and revocations of one moment. No look-up of it touches the disk.

use super::authority::{Authority, State};
use super::revoke::Revocation;
use super::serial::Serial;
use super::{CaError, store};
use crate::db::Db;
use crate::seal::Keyring;
use std::collections::HashMap;
use std::sync::Arc;
use zeroize::Zeroizing;

pub struct Snapshot {
    /// Every CA there ever was here, roots too.
    pub authorities: Arc<[Arc<Authority>]>,
    pub revoked: Arc<HashMap<Serial, Revocation>>,
    /// Moves with every change.
    pub epoch: u64,
}

impl Snapshot {
    pub(super) fn load(db: &Db, keys: &Keyring, now: i64, epoch: u64) -> Result<Snapshot, CaError> {
        let (rows, revoked) =
            db.read(|conn| Ok::<_, CaError>((store::authorities(conn)?, store::revocations(conn, now)?)))?;
        let open = |row: store::AuthorityRow| {
            let place = store::authority_key_place(row.id);
            let sealed = row.key_sealed.as_deref();
            let key = sealed.map(|key| keys.open_bytes(&place, key).map(Zeroizing::new)).transpose()?;
            Authority::open(row, key.as_ref().map(|key| key.as_slice())).map(Arc::new)
        };
        let authorities = rows.into_iter().map(open).collect::<Result<_, CaError>>()?;
        Ok(Snapshot { authorities, revoked: Arc::new(revoked), epoch })
    }

    /// The CA that signs, when its key is here.
    pub fn issuing(&self) -> Option<Arc<Authority>> {
        let is_it = |known: &&Arc<Authority>| known.issues && known.state == State::Current && known.issuer().is_some();
        self.authorities.iter().find(is_it).cloned()
    }

    /// The CA that is to sign next.
    pub fn next(&self) -> Option<&Arc<Authority>> {
        self.authorities.iter().find(|known| known.issues && known.state == State::Next)
    }

    fn parent_of(&self, authority: &Authority) -> Option<&Arc<Authority>> {
        let parent = authority.parent?;
        self.authorities.iter().find(|known| known.id == parent)
    }

    pub fn root_of(&self, authority: &Arc<Authority>) -> Arc<Authority> {
        let mut here = authority;
        while let Some(parent) = self.parent_of(here).filter(|parent| parent.id < here.id) {
            here = parent;
        }
        here.clone()
    }

    /// An authority and all that stands above it.
    pub fn chain_up(&self, authority: &Arc<Authority>) -> Vec<Arc<Authority>> {
        let mut all = vec![authority.clone()];
        while let Some(parent) = all.last().and_then(|here| self.parent_of(here).filter(|parent| parent.id < here.id)) {
            all.push(parent.clone());
        }
        all
    }

    /// From the latest beginning to the earliest end of an authority and all that stands above it.
    pub fn times(&self, authority: &Arc<Authority>) -> (i64, i64) {
        let all = self.chain_up(authority);
        let times = all.iter().map(|one| (one.parsed.not_before, one.parsed.not_after));
        times.fold((i64::MIN, i64::MAX), |(from, to), (start, end)| (from.max(start), to.min(end)))
    }

    /// From an authority up, without the root: what is sent after a certificate. Nothing for a root that signs itself.
    pub fn chain(&self, authority: &Authority) -> Vec<Vec<u8>> {
        let mut chain = Vec::new();
        let mut here = authority;
        while let Some(parent) = self.parent_of(here).filter(|parent| parent.id < here.id) {
            chain.push(here.der().to_vec());
            here = parent;
        }
        chain
    }

    /// The same, and at its end what carries over those who trust only the root before: for whoever verifies this box.
    pub fn shown_chain(&self, authority: &Arc<Authority>) -> Vec<Vec<u8>> {
        let is_current = self.root_of(authority).state == State::Current;
        let crossing = self.crossing().filter(|_| is_current).map(<[u8]>::to_vec);
        self.chain(authority).into_iter().chain(crossing).collect()
    }

    /// What carries over whoever trusts only the root before the one in force: that one's word for this one.
    pub fn crossing(&self) -> Option<&[u8]> {
        let current = self.authorities.iter().find(|known| known.parent.is_none() && known.state == State::Current);
        current?.crossed.as_deref()
    }

    /// Whether this is the serial of an authority's certificate, or of a root's for the next, that this one signed.
    pub fn has_certified(&self, by: &Authority, serial: &[u8]) -> bool {
        let is_below = |known: &Authority| known.parent == Some(by.id) && known.parsed.serial == serial;
        let crossed = |known: &Authority| known.crossed.as_deref().and_then(super::parsed::parse);
        let is_word = |said: super::parsed::Parsed| said.issuer == by.parsed.subject && said.serial == serial;
        self.authorities.iter().any(|known| is_below(known) || crossed(known).is_some_and(is_word))
    }

    /// What is to be trusted: the root in force, the one that is being given to phones, and, as long as it carries phones
    /// over, the one before.
    pub fn roots(&self) -> Vec<Arc<Authority>> {
        let of = |state| self.authorities.iter().filter(move |known| known.parent.is_none() && known.state == state);
        let by = self.crossing().and_then(super::parsed::parse).map(|crossed| crossed.issuer);
        let before = of(State::Old).filter(|old| by.as_ref() == Some(&old.parsed.subject));
        of(State::Current).chain(of(State::Next)).chain(before).cloned().collect()
    }

    pub fn roots_pem(&self) -> String {
        self.roots().iter().map(|root| root.pem()).collect()
    }

    /// CAs that devices' certificates may come from: every one that ever issued here.
    pub fn issuers(&self) -> impl Iterator<Item = &Arc<Authority>> {
        self.authorities.iter().filter(|known| known.issues)
    }
}
