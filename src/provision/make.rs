//! Steps 4 and 5 for a grant: the place of an upload, a file as it is kept, the way to another server, or a file made for
//! whoever asks.

use super::answer::{Answer, Delivered, Delivery, Outcome};
use super::authorize::{Ask, Grant};
use super::kept_files::is_upload_name;
use super::load::{Loaded, account_of};
use super::pipeline::Pipeline;
use super::{Request, render, resolve};
use crate::checkins::{Decision, Reason, Transport};
use crate::db::Error;
use crate::enrollment::files::Form;
use crate::profiles::{Target, Trust};
use crate::vendors::{self, FileKind, Identity};

impl Pipeline {
    pub(super) fn make(
        &self,
        request: &Request<'_>,
        loaded: &Loaded,
        grant: &Grant,
        outside: Option<&Target>,
        identity: &Identity,
    ) -> Result<Outcome, Error> {
        let kind = match loaded.ask {
            Ask::Upload if !is_upload_name(loaded) => {
                return Ok(Outcome::refused(Answer::MethodNotAllowed, Reason::Method));
            }
            Ask::Upload => {
                let Some(device) = loaded.subject.clone() else { return Ok(Outcome::not_found(Reason::UploadRefused)) };
                let answer = Answer::Upload { device, name: loaded.path.name.clone(), limit: self.limits.upload };
                return Ok(Outcome { decision: Decision::Stored, ..Outcome::served(answer, Reason::Stored) });
            }
            Ask::Static => {
                if let Some((public, roots)) = self.public(loaded.path) {
                    let by = loaded.credential.owner().filter(|_| loaded.subject.is_some() && !roots.is_empty());
                    let delivered = by.map(|mac| Delivered { mac, what: Delivery::Roots(roots) });
                    return Ok(Outcome { delivered, ..public });
                }
                if let Some(own) = self.certificate_file(request, loaded, grant)? {
                    return Ok(own);
                }
                if let Some(own) = self.site_file(loaded, grant, false)? {
                    return Ok(own);
                }
                let found = self.stored_file(account_of(loaded.subject.as_deref()), &loaded.path.name)?;
                if found.reason != Reason::NoFile {
                    return Ok(found);
                }
                let is_certificate = |mac| Form::of_name(&loaded.path.name, mac).is_some();
                if !grant.secrets && loaded.subject.is_some() && loaded.mac.is_some_and(is_certificate) {
                    return Ok(Outcome::not_found(Reason::MoreProof));
                }
                // What a phone stored under a name of its own choice (reports, backups) is its own again.
                let own = self.uploaded(loaded, grant)?;
                let model = loaded.whom(identity).and_then(|whom| whom.model);
                let is_written = loaded.vendor.is_none_or(|vendor| vendors::is_written(vendor, model));
                let nobody_makes_it = own.reason == Reason::NoFile && loaded.subject.is_some() && !is_written;
                return Ok(if nobody_makes_it { Outcome::not_found(Reason::NoWriter) } else { own });
            }
            Ask::File(FileKind::Upload) => return self.uploaded(loaded, grant),
            // A site's own upgrade file counts where its phones are not sent elsewhere.
            Ask::File(FileKind::Upgrade)
                if outside.is_none()
                    && let Some(own) = self.site_file(loaded, grant, true)? =>
            {
                return Ok(own);
            }
            Ask::File(kind) => kind,
        };
        let Some(vendor) = loaded.vendor else { return Ok(Outcome::not_found(Reason::VendorUnknown)) };
        // A file of the store goes before a rendered one of the same name only where nothing is rendered.
        if vendors::is_optional(vendor.id, kind) {
            return Ok(Outcome::not_found(Reason::OptionalFile));
        }
        let job = render::Job {
            vendor,
            kind,
            path: loaded.path,
            shared: &loaded.shared,
            subject: loaded.subject.as_deref(),
            own: None,
            base: None,
            profile: loaded.profile.as_deref(),
            outside,
            secrets: grant.secrets,
            proven: grant.trust >= Trust::Token,
            identity_model: identity.model.as_deref(),
            identity_version: identity.version.as_deref(),
            origin: request.origin,
            tls: request.transport == Transport::Https,
            now: request.now,
        };
        let (can_be_sent, can_log_in) = match outside {
            Some(_) => resolve::can_be_sent(&job.whom(), request.now),
            None => (false, false),
        };
        if let Some((target, profile)) = outside.zip(loaded.profile.as_deref())
            && profile.redirect_302
            // Which knows no redirection.
            && request.transport != Transport::Tftp
            && let Some(url) = job.redirect_url(target)
        {
            let delivered = loaded.mac.map(|mac| Delivered { mac, what: Delivery::Redirection });
            let answer = Answer::Redirect(url);
            return Ok(Outcome {
                decision: Decision::Redirected,
                delivered,
                ..Outcome::served(answer, Reason::Redirected)
            });
        }
        let own = matches!(kind, FileKind::Settings | FileKind::Device | FileKind::Container);
        if let Some(target) = outside.filter(|_| own || kind == FileKind::Common) {
            let unsayable = || "no parameter for another server's address is known for this model".to_owned();
            let missing = loaded.subject.as_ref().and_then(|subject| resolve::unfilled(subject, target, &job.whom()));
            if let Some(why) = missing.or_else(|| (!can_be_sent).then(unsayable)) {
                return Ok(Outcome { detail: Some(why), ..Outcome::not_found(Reason::CannotWrite) });
            }
        }
        Ok(match self.render(&job) {
            Ok(rendered) => {
                let first = loaded.subject.as_ref().is_some_and(|subject| subject.device.enrolled_at.is_none());
                let redirected = outside.is_some() && own;
                // A model's common file tells a device that is sent away where to, too.
                let tells = outside.filter(|_| own || kind == FileKind::Common);
                let login = tells.is_some_and(|target| grant.secrets && can_log_in && target.username.is_some());
                // A container only says where it is.
                let whole = own && kind != FileKind::Container && first && (grant.secrets || redirected);
                let what = if redirected { Delivery::Redirection } else { Delivery::Whole };
                let delivered = loaded.mac.filter(|_| whole).map(|mac| Delivered { mac, what });
                let reason = match grant.reason {
                    _ if login => Reason::RedirectedLogin,
                    _ if tells.is_some() => Reason::Redirected,
                    // Whoever asks: it holds nobody's own values, and no secret went out in plain with it.
                    reason if own || reason == Reason::SafeDefault => reason,
                    _ => Reason::ModelFile,
                };
                let decision = if tells.is_some() { Decision::Redirected } else { Decision::Served };
                Outcome { decision, delivered, ..Outcome::served(Answer::Document(rendered), reason) }
            }
            Err(render::Failure::Read(error)) => return Err(error),
            Err(render::Failure::NoWriter) => Outcome::not_found(Reason::NoWriter),
            Err(render::Failure::Write(why)) => {
                Outcome { detail: Some(why), ..Outcome::not_found(Reason::CannotWrite) }
            }
        })
    }
}
