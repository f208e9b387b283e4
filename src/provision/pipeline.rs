//! The pipeline itself: what happens to one request, in order.

use super::answer::{Answer, Delivered, Delivery, Outcome};
use super::authorize::{Credential, Effect, Facts, Refusal, authorize};
use super::budget::Budget;
use super::claims::Claims;
use super::documents::Documents;
use super::load::account_of;
use super::login::Logins;
use super::reach::Reach;
use super::record::{Mark, Served};
use super::resolve;
use super::shared::SharedCache;
use super::subject::Subjects;
use super::{Method, Path, Request, effects};
use crate::alarms;
use crate::ca;
use crate::ca::Public;
use crate::checkins::recorder::Recorder;
use crate::checkins::{Decision, Reason, Transport};
use crate::db::{BOX_ACCOUNT, Db, Error};
use crate::devices::{Proof, seen};
use crate::networks;
use crate::seal::{self, Keyring, SealError};
use crate::vendors::{self, Evidence};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

#[derive(Debug, Clone)]
pub struct Limits {
    /// Failed look-ups a minute and source before it is slowed.
    pub failed_lookups: u32,
    /// Bytes of one upload, and of all uploads of one device.
    pub upload: u64,
    pub uploads: u64,
    /// First-contact window of a device that an enrollment code activates, in milliseconds.
    pub window: i64,
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
        // A correct login is no guess, whatever else it is worth.
        if proven || matches!(credential, Credential::There(_)) {
            self.budget.proved(request.peer, request.now);
        } else if self.budget.is_exhausted(request.peer, mark.identity.mac.is_some(), request.now) {
            return Ok(Outcome::not_found(Reason::Slowed));
        }
        // No device's login: a person at the phone may have typed an enrollment code.
        let credential = match credential {
            Credential::BadLogin => {
                let listens = networks::policy(&self.shared.get()?.networks, request.peer).settings;
                match self.code(request, &mark.identity, listens).await? {
                    None => credential,
                    Some(shown) => {
                        mark.detail = shown.detail;
                        match shown.outcome {
                            Ok(code) => code,
                            Err(refusal) => {
                                mark.subject = mark.mac.map(|mac| self.subjects.get(mac)).transpose()?.flatten();
                                return self.refuse(request, refusal, None).await;
                            }
                        }
                    }
                }
            }
            shown => shown,
        };
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
        let tells_login = outside.as_ref().is_some_and(|target| {
            target.username.is_some()
                && loaded.whom(&mark.identity).is_some_and(|whom| resolve::can_be_sent(&whom, request.now).1)
        });
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
            holds_secrets: outside.is_none() || tells_login,
            is_harmless: outside.is_some() && loaded.vendor.is_some_and(|vendor| !vendors::forgets(vendor.id)),
        };
        let decided = authorize(&facts);
        // It proved nothing, and whoever looks for the proof should know.
        if let Some(client) = request.client.filter(|client| client.verdict == ca::Verdict::Foreign)
            && !decided.as_ref().is_ok_and(|grant| grant.secrets)
        {
            mark.detail = Some(ca::client::foreign(client.subject));
        }
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
                let listed = || loaded.shared.networks.iter().any(|network| network.cidr.contains(request.peer));
                if refusal.reason == Reason::ForeignNetwork && listed() {
                    refusal.reason = Reason::NetworkOff;
                }
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
                    self.reload(&mut loaded, mac)?;
                }
                if let Credential::Login(mac) | Credential::There(mac) = loaded.credential {
                    self.logins.answered(mac);
                }
                if matches!(loaded.credential, Credential::There(_)) && grant.secrets {
                    mark.detail = Some("it logged in with the user and password of there".to_owned());
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
                // A head holds none.
                if request.method == Method::Head {
                    grant.effects.retain(|effect| *effect != Effect::SecretsSent);
                }
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
        let challenge = match (refusal.challenge, refusal.stale) {
            (false, _) => return Ok(Outcome::not_found(refusal.reason)),
            (true, false) => self.logins.challenge(request.now, tls),
            (true, true) => self.logins.challenge_again(request.now, tls),
        };
        Ok(Outcome::refused(Answer::Challenge(challenge), refusal.reason))
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
