//! What a request proves: by its client certificate, its token or its login.

use super::authorize::Credential;
use super::pipeline::Pipeline;
use super::subject::Subject;
use super::{Path, Request, resolve};
use crate::ca;
use crate::db::Error;
use crate::devices::Token;
use crate::net::Mac;
use crate::settings::Secret;
use crate::vendors::Identity;
use crate::vendors::identify::Source;
use aws_lc_rs::constant_time;

impl Pipeline {
    /// What the request shows besides names.
    pub(super) fn credential(
        &self,
        request: &Request<'_>,
        path: &Path,
        identity: &Identity,
    ) -> Result<Credential, Error> {
        let shown = self.shown(request, path, identity)?;
        let Some(client) = request.client else { return Ok(shown) };
        let of_dn = || identity.evidence.iter().find(|said| said.source == Source::Certificate)?.mac;
        let mac = match client.verdict {
            ca::Verdict::Refused(fault) => return Ok(Credential::BadCertificate(fault)),
            ca::Verdict::Foreign => None,
            ca::Verdict::Ours | ca::Verdict::Accepted => client.holder.or_else(of_dn),
        };
        let Some(mac) = mac else { return Ok(shown) };
        let ours = client.verdict == ca::Verdict::Ours;
        Ok(match shown {
            Credential::UnknownToken | Credential::BadLogin | Credential::OldLogin => shown,
            // Two proofs of two devices: the pipeline refuses what names both.
            _ if shown.owner().is_some_and(|other| other != mac) => Credential::UnknownToken,
            _ => Credential::Certificate { mac, ours },
        })
    }

    /// The device that fetches the roots, by its proof or by the mark in its address. A name alone is anybody's.
    pub(super) fn fetched_by(
        &self,
        request: &Request<'_>,
        path: &Path,
        identity: &Identity,
    ) -> Result<Option<Mac>, Error> {
        let owner = self.credential(request, path, identity)?.owner();
        if identity.conflict.is_some() || owner.zip(identity.mac).is_some_and(|(owner, named)| owner != named) {
            return Ok(None);
        }
        let Some(mac) = owner.or(identity.mac) else { return Ok(None) };
        let subject = self.subjects.get(mac)?;
        let is_marked = |own: String| {
            let shown = path.mark.as_deref().unwrap_or_default();
            constant_time::verify_slices_are_equal(own.as_bytes(), shown.as_bytes()).is_ok()
        };
        let proves =
            |subject: &std::sync::Arc<Subject>| owner.is_some() || is_marked(Token::mark(&subject.device.token));
        Ok(subject.filter(proves).map(|_| mac))
    }

    /// The same without the client's certificate.
    pub(super) fn shown(&self, request: &Request<'_>, path: &Path, identity: &Identity) -> Result<Credential, Error> {
        match (&path.token, request.authorization) {
            (Some(token), _) => {
                let owner = self.subjects.by_token(token, identity.mac)?;
                Ok(owner.map_or(Credential::UnknownToken, Credential::Token))
            }
            (None, Some(header)) => self.logins.check(header, request.verb, Some(request.path), request.now, |user| {
                let mut known = self.own_logins(user)?;
                known.extend(self.login_there(user, identity)?);
                Ok(known)
            }),
            (None, None) => Ok(Credential::None),
        }
    }

    /// The password of the device whose MAC the user name is.
    pub(super) fn own_logins(&self, user: &str) -> Result<Vec<(Credential, Secret)>, Error> {
        let Ok(mac) = user.parse::<Mac>() else { return Ok(Vec::new()) };
        let Some(subject) = self.subjects.get(mac)? else { return Ok(Vec::new()) };
        Ok(vec![(Credential::Login(mac), self.subjects.http_password(&subject)?)])
    }

    /// The login of the server that the named device is sent to, where the user name is that of there: all that a phone
    /// holds which was told so (AVA-114).
    fn login_there(&self, user: &str, identity: &Identity) -> Result<Option<(Credential, Secret)>, Error> {
        let Some(mac) = identity.mac else { return Ok(None) };
        let (shared, subject) = (self.shared.get()?, self.subjects.get(mac)?);
        let there = subject.as_ref().and_then(|subject| {
            let target = resolve::outside_target(subject, resolve::profile(&shared, &subject.device)?)?;
            let is_user = target.username.as_deref() == Some(user);
            target.password.clone().filter(|_| is_user)
        });
        Ok(there.map(|password| (Credential::There(mac), password)))
    }
}
