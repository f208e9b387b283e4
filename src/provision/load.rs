//! Step 2: everything that a request is about, and how it stands once something was written that its file needs first.

use super::authorize::{Ask, Credential, Grant};
use super::pipeline::Pipeline;
use super::shared::Shared;
use super::subject::{Material, Subject};
use super::{Method, Path, Request, resolve};
use crate::db::{BOX_ACCOUNT, Error};
use crate::devices;
use crate::enrollment::challenge;
use crate::enrollment::store as certificates;
use crate::net::Mac;
use crate::profiles::Profile;
use crate::vendors::{self, Identity};
use std::sync::Arc;

/// Whose settings and files a request is about.
pub(super) fn account_of(subject: Option<&Subject>) -> i64 {
    subject.map_or(BOX_ACCOUNT, |subject| subject.device.account_id)
}

/// Step 2: everything that the request is about.
pub(super) struct Loaded<'a> {
    pub shared: Arc<Shared>,
    pub subject: Option<Arc<Subject>>,
    pub profile: Option<Arc<Profile>>,
    pub credential: Credential,
    pub mac: Option<Mac>,
    pub path: &'a Path,
    pub ask: Ask,
    pub vendor: Option<&'static vendors::Vendor>,
}

impl Loaded<'_> {
    /// For whom a file of this name would be made.
    pub fn whom<'b>(&'b self, identity: &'b Identity) -> Option<resolve::For<'b>> {
        let own = self.subject.as_ref().and_then(|subject| subject.device.model.as_deref());
        let model = own.or(identity.model.as_deref());
        Some(resolve::For::of(self.vendor?, model, identity.version.as_deref(), &self.path.name))
    }
}

impl Pipeline {
    pub(super) fn load<'a>(
        &self,
        request: &Request<'_>,
        path: &'a Path,
        identity: &Identity,
        credential: Credential,
    ) -> Result<Loaded<'a>, Error> {
        let shared = self.shared.get()?;
        let mac = identity.mac.or(credential.owner());
        let subject = match mac {
            Some(mac) => self.subjects.get(mac)?,
            None => None,
        };
        let profile = subject.as_ref().and_then(|subject| resolve::profile(&shared, &subject.device)).cloned();
        let own = subject.as_ref().and_then(|subject| subject.vendor);
        let vendor = own.or(identity.vendor);
        let kind = match vendor {
            Some(vendor) if Some(vendor) != identity.vendor => {
                vendors::classify(vendor, &path.name).map(|(kind, _)| kind)
            }
            _ => identity.kind,
        };
        let ask = match (request.method, kind) {
            (Method::Put | Method::Post, _) => Ask::Upload,
            (_, Some(kind)) => Ask::File(kind),
            (_, None) => Ask::Static,
        };
        Ok(Loaded { shared, subject, profile, credential, mac, path, ask, vendor })
    }

    /// A challenge for a phone that is to ask for a certificate and has neither.
    pub(super) async fn prepare_certificate(
        &self,
        loaded: &mut Loaded<'_>,
        grant: &Grant,
        provisions: bool,
        now: i64,
    ) -> Result<(), Error> {
        let gives = provisions && grant.secrets && loaded.profile.as_ref().is_some_and(|profile| profile.certificates);
        let Some(subject) = loaded.subject.clone().filter(|_| gives && matches!(loaded.ask, Ask::File(_))) else {
            return Ok(());
        };
        self.subjects.look_up_material(&subject, now)?;
        let asks = loaded.vendor.is_some_and(|vendor| vendors::asks_for_certificates(vendor.id));
        // A file is not every family's way; a challenge that nobody needs stays here.
        let has_one = |has: &Material| has.certified || has.challenge.is_some();
        if !asks || subject.device.keys_revoked_at.is_some() || subject.material().is_none_or(has_one) {
            return Ok(());
        }
        let (keys, device) = (self.keys.clone(), subject.device.clone());
        let (mac, rules) = (device.mac, resolve::certificate_profile(&loaded.shared, &device).to_owned());
        let write = self.db.write(move |tx| -> Result<(), Error> {
            if let Some(profile) = certificates::profile_named(tx, &rules)? {
                challenge::current_or_new(tx, &keys, &device, profile, now)?;
                devices::store::changed(tx, mac, now)?;
            }
            Ok(())
        });
        write.await?;
        self.reload(loaded, mac)?;
        if let Some(subject) = &loaded.subject {
            self.subjects.look_up_material(subject, now)?;
        }
        Ok(())
    }

    /// The device with what was just written of it. One that was let in again meanwhile stays as it was decided on: its
    /// new token is for whoever comes in the new window.
    pub(super) fn reload(&self, loaded: &mut Loaded<'_>, mac: Mac) -> Result<(), Error> {
        if let Some(now) = self.subjects.get(mac)?
            && loaded.subject.as_ref().is_some_and(|was| was.device.token.reveal() == now.device.token.reveal())
        {
            loaded.subject = Some(now);
        }
        Ok(())
    }
}
