//! The pipeline itself: what happens to one request, in order.

use super::answer::{Answer, Delivered, Delivery, Outcome};
use super::authorize::{Ask, Credential, Effect, Facts, Grant, Refusal, authorize};
use super::budget::Budget;
use super::claims::Claims;
use super::documents::Documents;
use super::kept_files::is_upload_name;
use super::login::Logins;
use super::reach::Reach;
use super::record::{Mark, Served};
use super::resolve::{self};
use super::shared::{Shared, SharedCache};
use super::subject::{Material, Subject, Subjects};
use super::{Method, Path, Request, effects, render};
use crate::alarms;
use crate::ca;
use crate::ca::Public;
use crate::checkins::recorder::Recorder;
use crate::checkins::{Decision, Reason, Transport};
use crate::db::{BOX_ACCOUNT, Db, Error};
use crate::devices::{self, Proof, seen};
use crate::enrollment::challenge;
use crate::enrollment::files::Form;
use crate::enrollment::store as certificates;
use crate::net::Mac;
use crate::networks;
use crate::profiles::Profile;
use crate::seal::{self, Keyring, SealError};
use crate::vendors::{self, Evidence, FileKind, Identity};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

/// Whose settings and files a request is about.
pub(super) fn account_of(subject: Option<&Subject>) -> i64 {
    subject.map_or(BOX_ACCOUNT, |subject| subject.device.account_id)
}

#[derive(Debug, Clone)]
pub struct Limits {
    /// Failed look-ups a minute and source before it is slowed.
    pub failed_lookups: u32,
    /// Bytes of one upload, and of all uploads of one device.
    pub upload: u64,
    pub uploads: u64,
}

pub struct Pipeline {
    pub(super) db: Db,
    pub(super) keys: Keyring,
    pub(super) shared: SharedCache,
    pub(super) subjects: Subjects,
    pub(super) documents: Documents,
    pub recorder: Recorder,
    pub(super) budget: Budget,
    /// Failed look-ups from everywhere: minute and count.
    pub(super) everywhere: [AtomicU64; 2],
    pub(super) logins: Logins,
    claims: Claims,
    pub(super) limits: Limits,
    pub(super) reach: Reach,
    pub(super) files: PathBuf,
    /// The box's CA certificate, public: PEM and DER.
    pub(super) ca: Public,
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

impl Pipeline {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        db: Db,
        keys: Keyring,
        recorder: Recorder,
        limits: Limits,
        reach: Reach,
        files: PathBuf,
        ca: Public,
    ) -> Result<Pipeline, SealError> {
        Ok(Pipeline {
            shared: SharedCache::new(db.clone(), keys.clone()),
            subjects: Subjects::new(db.clone(), keys.clone()),
            documents: Documents::new(),
            budget: Budget::new(limits.failed_lookups),
            everywhere: Default::default(),
            claims: Claims::default(),
            logins: Logins::new(&seal::random()?),
            db,
            keys,
            recorder,
            limits,
            reach,
            files,
            ca,
        })
    }

    /// One request of a phone, from the listener's bytes to an answer. Call [`Pipeline::record`] when it is answered.
    pub async fn serve<'a>(&self, request: Request<'a>, path: Option<&'a Path>) -> Served<'a> {
        let started = Instant::now();
        let identity = vendors::identify(&Evidence {
            user_agent: request.user_agent,
            path: path.map(|path| path.shown.as_slice()),
            client_cert_dn: request.client.map(|client| client.subject.as_bytes()),
            ..Evidence::default()
        });
        let mut mark = Mark {
            request,
            shown: path,
            mac: identity.mac,
            vendor: None,
            subject: None,
            identity,
            decision: Decision::Refused,
            reason: Reason::BadRequest,
            detail: None,
            started,
            named: None,
        };
        let outcome = match path {
            None => Outcome::refused(Answer::BadRequest, Reason::BadRequest),
            Some(_) if request.method == Method::Other => Outcome::refused(Answer::MethodNotAllowed, Reason::Method),
            Some(path) => match self.answer(&request, path, &mut mark).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    tracing::error!(%error, "a phone could not be answered");
                    Outcome::refused(Answer::Unavailable, Reason::Storage)
                }
            },
        };
        mark.decision = outcome.decision;
        mark.reason = outcome.reason;
        mark.detail = outcome.detail.or(mark.detail);
        Served { answer: outcome.answer, delivered: outcome.delivered, mark }
    }

    async fn answer(&self, request: &Request<'_>, path: &Path, mark: &mut Mark<'_>) -> Result<Outcome, Error> {
        // Where credentials are asked for, they are asked for everything.
        let asks = path.ask || networks::policy(&self.shared.get()?.networks, request.peer).ask;
        if !asks && let Some((public, roots)) = self.public(path) {
            let by = if roots.is_empty() { None } else { self.fetched_by(request, path, &mark.identity)? };
            let delivered = by.map(|mac| Delivered { mac, what: Delivery::Roots(roots) });
            return Ok(Outcome { delivered, ..public });
        }
        let credential = self.credential(request, path, &mark.identity)?;
        if let Credential::BadCertificate(fault) = credential {
            mark.detail = Some(fault.words().to_owned());
        }
        let proven = credential.owner().is_some();
        if !proven && self.budget.is_exhausted(request.peer, request.now) {
            return Ok(Outcome::not_found(Reason::Slowed));
        }
        let mut loaded = self.load(request, path, &mark.identity, credential)?;
        mark.mac = loaded.mac;
        if loaded.subject.is_some() {
            mark.vendor = loaded.vendor.map(|vendor| vendor.name);
            mark.subject.clone_from(&loaded.subject);
        }
        let profile = loaded.profile.clone();
        let outside = match (&loaded.subject, &profile) {
            (Some(subject), Some(profile)) => resolve::outside_target(subject, profile),
            _ => None,
        };
        let bound = match &loaded.subject {
            Some(subject) if !proven => self.subjects.is_bound(subject, request.peer)?,
            _ => false,
        };
        let facts = Facts {
            now: request.now,
            transport: request.transport,
            peer: request.peer,
            policy: &networks::policy(&loaded.shared.networks, request.peer),
            ask_directory: path.ask,
            mac: loaded.mac,
            two_macs: mark.identity.conflict.is_some(),
            credential: loaded.credential,
            device: loaded.subject.as_ref().map(|subject| &subject.device),
            profile: loaded.profile.as_deref(),
            bound,
            ask: loaded.ask,
            holds_secrets: outside.as_ref().is_none_or(|target| target.username.is_some()),
        };
        let decided = authorize(&facts);
        let account_id = account_of(loaded.subject.as_deref());
        let context = |mac| effects::Context {
            account_id,
            mac,
            peer: request.peer,
            vendor: mark.identity.vendor.map(|vendor| vendor.name.to_owned()),
            model: mark.identity.model.as_deref().map(str::to_owned),
            now: request.now,
        };
        match decided {
            Err(mut refusal) => {
                if let (Reason::CertificateOfOther, Some(owner)) = (refusal.reason, loaded.credential.owner()) {
                    let text = format!("Its certificate was shown from {} for another device's file", request.peer);
                    self.tell("certificate-of-other", owner.to_string(), text, request.now);
                }
                // A phone that has credentials asks once without them; twice in a row means that it lost them.
                let proof = loaded.subject.as_ref().and_then(|subject| subject.device.proof);
                if let Some(mac) =
                    loaded.mac.filter(|_| refusal.reason == Reason::Ask && proof == Some(Proof::Credentials))
                    && self.logins.is_asked_again(mac)
                {
                    refusal.effects.push(Effect::ResetSuspected);
                }
                self.refuse(request, refusal, loaded.mac.map(context)).await
            }
            Ok(mut grant) => {
                // It came back by HTTP: this very file must lead it to HTTP, or it would never find the way again.
                if let Some(mac) = loaded.mac.filter(|_| grant.effects.contains(&Effect::TlsLost)) {
                    grant.effects.retain(|effect| *effect != Effect::TlsLost);
                    effects::commit(&self.db, vec![Effect::TlsLost], context(mac)).await?;
                    loaded.subject = self.subjects.get(mac)?;
                }
                if let Credential::Login(mac) = loaded.credential {
                    self.logins.answered(mac);
                }
                if let Some(text) = self.claims.contradiction(loaded.subject.as_deref(), loaded.vendor, &mark.identity)
                {
                    self.tell(
                        "other-model",
                        loaded.mac.map_or_else(String::new, |mac| mac.to_string()),
                        text,
                        request.now,
                    );
                }
                self.prepare_certificate(&mut loaded, &grant, outside.is_none(), request.now).await?;
                // Rendered first: an answer that cannot be written must leave no trace of having been sent.
                let outcome = self.make(request, &loaded, &grant, outside.as_deref(), &mark.identity)?;
                if let Some(mac) = loaded.mac.filter(|_| !grant.effects.is_empty())
                    && outcome.decision != Decision::Refused
                {
                    effects::commit(&self.db, grant.effects, context(mac)).await?;
                }
                if outcome.reason == Reason::NoFile && loaded.subject.is_none() {
                    self.count_failure(request.peer, request.now);
                }
                Ok(outcome)
            }
        }
    }

    /// A challenge for a phone that is to ask for a certificate and has neither.
    async fn prepare_certificate(
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
        loaded.subject = self.subjects.get(mac)?;
        if let Some(subject) = &loaded.subject {
            self.subjects.look_up_material(subject, now)?;
        }
        Ok(())
    }

    fn load<'a>(
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

    async fn refuse(
        &self,
        request: &Request<'_>,
        refusal: Refusal,
        context: Option<effects::Context>,
    ) -> Result<Outcome, Error> {
        if refusal.failed_lookup {
            self.count_failure(request.peer, request.now);
            self.hold_back().await;
        }
        if let Some(context) = context.filter(|_| !refusal.effects.is_empty()) {
            // A refusal stays one when it cannot be noted.
            if let Err(error) = effects::commit(&self.db, refusal.effects, context).await {
                tracing::warn!(%error, "a refusal could not be noted");
            }
        }
        let tls = request.transport == Transport::Https;
        Ok(match refusal.challenge {
            true => Outcome::refused(Answer::Challenge(self.logins.challenge(request.now, tls)), refusal.reason),
            false => Outcome::not_found(refusal.reason),
        })
    }

    /// Steps 4 and 5 for a grant.
    fn make(
        &self,
        request: &Request<'_>,
        loaded: &Loaded,
        grant: &Grant,
        outside: Option<&crate::profiles::Target>,
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
                let found = self.stored_file(account_of(loaded.subject.as_deref()), &loaded.path.name)?;
                if found.reason != Reason::NoFile {
                    return Ok(found);
                }
                let is_certificate = |mac| Form::of_name(&loaded.path.name, mac).is_some();
                if !grant.secrets && loaded.subject.is_some() && loaded.mac.is_some_and(is_certificate) {
                    return Ok(Outcome::not_found(Reason::MoreProof));
                }
                // What a phone stored under a name of its own choice (reports, backups) is its own again.
                return self.uploaded(loaded, grant);
            }
            Ask::File(FileKind::Upload) => return self.uploaded(loaded, grant),
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
            profile: loaded.profile.as_deref(),
            outside,
            secrets: grant.secrets,
            identity_model: identity.model.as_deref(),
            identity_version: identity.version.as_deref(),
            origin: request.origin,
            tls: request.transport == Transport::Https,
            now: request.now,
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
        Ok(match self.render(&job) {
            Ok(rendered) => {
                let own = matches!(kind, FileKind::Settings | FileKind::Device | FileKind::Container);
                let first = loaded.subject.as_ref().is_some_and(|subject| subject.device.enrolled_at.is_none());
                let redirected = outside.is_some() && own;
                // A model's common file tells a device that is sent away where to, too.
                let tells = outside.filter(|_| own || kind == FileKind::Common);
                let login = tells.is_some_and(|target| grant.secrets && target.username.is_some());
                let whole = own && first && (grant.secrets || redirected);
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

    /// An alarm, written behind: nobody waits for it.
    pub(super) fn tell(&self, kind: &'static str, object: String, text: String, now: i64) {
        tracing::warn!(kind, object, "{text}");
        let db = self.db.clone();
        tokio::spawn(async move {
            let told = db.write(move |tx| alarms::store::raise(tx, BOX_ACCOUNT, kind, &object, &text, now)).await;
            if let Err(error) = told {
                tracing::warn!(%error, "an alarm could not be written");
            }
        });
    }

    /// After the last byte of a complete answer.
    pub async fn delivered(&self, delivered: Delivered, now: i64) {
        let Delivered { mac, what } = delivered;
        let noted = self.db.write(move |tx| match what {
            Delivery::Roots(roots) => ca::store::note_roots(tx, mac, &roots, now),
            _ => seen::store::enrolled(tx, mac, what == Delivery::Redirection, now),
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a delivery could not be noted");
        }
    }
}
