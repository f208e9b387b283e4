//! Why a phone got what it got, and what it would get now: the same steps as for a phone, shown instead of sent.
//!
//! Secrets are masked before anything is written, so that nothing here can show one.

use super::pipeline::Pipeline;
use super::render::{Draft, Failure, Job};
use super::resolve::{self, Origin};
use super::subject::Subject;
use super::{Path, parse};
use crate::checkins::{Reason, store as checkins, words};
use crate::db::{BOX_ACCOUNT, Error};
use crate::devices::{self, State};
use crate::net::Mac;
use crate::profiles::Target;
use crate::settings::{Provenance, Value, catalogue};
use crate::vendors::format::WriteWarning;
use crate::vendors::{self, FileKind, Item};

/// One statement of a file and where it comes from.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Line {
    /// The vendor's parameter; empty for a statement without one.
    pub name: String,
    /// Secrets are masked.
    pub value: String,
    /// The neutral setting it was made from.
    pub setting: Option<String>,
    pub layer: String,
    /// The site's, profile's, group's … name.
    pub scope: String,
    pub author: String,
    /// When it was set, milliseconds since 1970-01-01 UTC; 0 for what the box computes.
    pub at: i64,
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct ExplainedFile {
    pub name: String,
    pub lines: Vec<Line>,
    /// Settings that have a value and do not reach the phone, and why.
    pub unsaid: Vec<String>,
}

/// A rendered file with its secrets masked.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Preview {
    #[serde(flatten)]
    pub view: ExplainedFile,
    pub content_type: String,
    pub text: String,
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Explanation {
    pub mac: String,
    /// Whether somebody added this device.
    pub known: bool,
    pub state: Option<String>,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub site: Option<String>,
    pub profile: Option<String>,
    /// How it proved itself: token, credentials, certificate.
    pub proof: Option<String>,
    /// How its kind of phone proves itself on day two.
    pub steady_proof: Option<String>,
    /// End of the first-contact window, milliseconds since 1970-01-01 UTC; 0 when closed.
    pub window_until: i64,
    pub enrolled_at: Option<i64>,
    /// Secrets went over a plain transport.
    pub plain_secrets: Vec<String>,
    /// The newest first.
    pub timeline: Vec<checkins::Stored>,
    pub files: Vec<ExplainedFile>,
    /// One sentence: what is wrong and what to do.
    pub verdict: String,
}

#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    #[error("nobody added the device {0}")]
    Unknown(Mac),
    #[error("the vendor of {0} is not known. Set it: phonebox device set {0} --vendor NAME --model NAME")]
    Vendor(Mac),
    #[error("\"{0}\" is not a file that this device asks for")]
    File(String),
    /// The phone would be refused, in the check-in's words.
    #[error("{0}")]
    Refused(String),
    #[error("the file could not be written: {0}")]
    Write(String),
    #[error(transparent)]
    Db(#[from] Error),
}

const TIMELINE: u32 = 50;
const MASK: &str = "******";

impl Pipeline {
    /// Steps 4 and 5 with a chosen grant, secrets masked.
    pub fn preview(
        &self,
        mac: Mac,
        file: &str,
        secrets: bool,
        origin: &Origin,
        now: i64,
    ) -> Result<Preview, PreviewError> {
        let subject = self.subjects.get(mac)?.ok_or(PreviewError::Unknown(mac))?;
        let vendor = vendor_of(&subject).ok_or(PreviewError::Vendor(mac))?;
        let path = parse(file.as_bytes()).ok_or_else(|| PreviewError::File(file.to_owned()))?;
        // As for a phone that says in its request who it is.
        if vendors::macs_in_path(file.as_bytes()).any(|other| other != mac) {
            let (text, next) = words(Reason::TwoMacs.code(), Some(mac), "");
            return Err(PreviewError::Refused(format!("{file:?} is refused to {mac}. {text} {next}")));
        }
        let account_id = subject.device.account_id;
        let filter = checkins::Filter { account_id, mac: Some(mac), decision: None };
        let heard = Heard::of(&self.db.read(|conn| checkins::list(conn, &filter, None, TIMELINE))?);
        let kind = vendors::classify(vendor, &path.name).map(|(kind, _)| kind);
        let kind = kind.filter(|kind| *kind != FileKind::Upload && !vendors::is_optional(vendor.id, *kind));
        let kind = kind.ok_or_else(|| {
            let model = subject.device.model.as_deref().or(heard.model.as_deref());
            if vendors::is_written(vendor, model) {
                PreviewError::File(file.to_owned())
            } else {
                let (text, next) = words(Reason::NoWriter.code(), Some(mac), "");
                PreviewError::Refused(format!("{text} {next}"))
            }
        })?;
        self.draft(&subject, &heard, vendor, kind, &path, secrets, origin, now, |job, mut draft| {
            let unwritten = unwritten(job, &draft);
            let view = view(&path.name, job, &draft, &unwritten);
            // Masked, what cannot be written could be.
            draft.mapped.items.retain(|item| is_written(item, &unwritten));
            mask(&mut draft);
            let (rendered, _) = job.write(&draft).map_err(|failure| match failure {
                Failure::NoWriter => PreviewError::Write(format!("this box cannot write {} files yet", vendor.name)),
                Failure::Write(why) => PreviewError::Write(why),
                Failure::Read(error) => PreviewError::from(error),
            })?;
            let text = String::from_utf8_lossy(&rendered.bytes).into_owned();
            Ok(Preview { view, content_type: rendered.content_type.to_owned(), text })
        })?
    }

    pub async fn explain(&self, mac: Mac, origin: &Origin, now: i64) -> Result<Explanation, Error> {
        // What happened a moment ago belongs to the answer.
        self.recorder.flush().await;
        let (mut timeline, plain_secrets) = self.db.read(|conn| {
            let account_id = devices::store::owner(conn, mac)?.unwrap_or(BOX_ACCOUNT);
            let filter = checkins::Filter { account_id, mac: Some(mac), decision: None };
            let plain = checkins::plain(conn, account_id, mac, &SECRET_REASONS)?;
            Ok::<_, Error>((checkins::list(conn, &filter, None, TIMELINE)?, plain))
        })?;
        // A folded repeat has the place of its first time; what counts here is the last.
        timeline.sort_by_key(|one| std::cmp::Reverse((one.last_at, one.id)));
        timeline.iter_mut().for_each(|one| one.name_box(origin.http.as_deref()));
        let heard = Heard::of(&timeline);
        let Some(subject) = self.subjects.get(mac)? else {
            let seen = timeline.first();
            return Ok(Explanation {
                mac: mac.to_string(),
                known: false,
                state: None,
                vendor: seen.and_then(|one| one.vendor.clone()),
                model: seen.and_then(|one| one.model.clone()),
                site: None,
                profile: None,
                proof: None,
                steady_proof: None,
                window_until: 0,
                enrolled_at: None,
                plain_secrets,
                verdict: match seen {
                    Some(one) => verdict_of_stranger(one, mac),
                    None => format!(
                        "Nobody added {mac} and it has never asked here: add it (phonebox device add {mac} --activate) and \
                         see that it is given this box's URL."
                    ),
                },
                timeline,
                files: Vec::new(),
            });
        };
        let shared = self.shared.get()?;
        let device = &subject.device;
        let profile = resolve::profile(&shared, device);
        let vendor =
            vendor_of(&subject).or_else(|| timeline.iter().find_map(|one| vendors::by_id(one.vendor.as_deref()?)));
        let mut files = Vec::new();
        let mut lost = Vec::new();
        if let Some(vendor) = vendor {
            let model = device.model.as_deref().or(heard.model.as_deref());
            for name in vendors::file_names(vendor, model, mac) {
                let Some(path) = parse(name.as_bytes()) else { continue };
                let Some((kind, _)) = vendors::classify(vendor, &name) else { continue };
                files.push(self.draft(&subject, &heard, vendor, kind, &path, true, origin, now, |job, draft| {
                    let unwritten = unwritten(job, &draft);
                    lost.extend(unwritten.iter().find(|one| one.is_lost()).map(|one| format!("{name}: {one}")));
                    view(&name, job, &draft, &unwritten)
                })?);
            }
        }
        let untold = vendor.zip(profile).and_then(|(vendor, profile)| {
            let target = resolve::outside_target(&subject, profile)?;
            let model = device.model.as_deref().or(heard.model.as_deref());
            let whom = resolve::For::of(vendor, model, heard.version.as_deref(), "");
            let (can_be_sent, can_log_in) = resolve::can_be_sent(&whom, now);
            let user = target.username.as_ref().filter(|_| can_be_sent && !can_log_in)?;
            Some(format!(
                "Its files have no place for the user \"{user}\" and the password of there: enter them at the phone."
            ))
        });
        let model = device.model.as_deref().map(str::to_owned).or(heard.model);
        let is_written = vendor.is_none_or(|vendor| vendors::is_written(vendor, model.as_deref()));
        let dialect = vendor.and_then(|vendor| vendors::model(vendor, model.as_deref()?)?.dialect.as_deref());
        Ok(Explanation {
            mac: mac.to_string(),
            known: true,
            state: Some(format!("{:?}", device.state).to_lowercase()),
            vendor: vendor.map(|vendor| vendor.name.to_owned()),
            model,
            site: device.site_id.and_then(|id| Some(shared.sites.get(&id)?.name.to_string())),
            profile: profile.map(|profile| profile.name.clone()),
            proof: device.proof.map(|proof| format!("{proof:?}").to_lowercase()),
            steady_proof: vendor.map(|vendor| vendors::steady_proof_note(vendor.id, dialect.unwrap_or("")).to_owned()),
            window_until: if device.window_open(now) { device.window_until } else { 0 },
            enrolled_at: device.enrolled_at,
            plain_secrets,
            verdict: verdict(&Judged {
                subject: &subject,
                has_profile: profile.is_some(),
                timeline: &timeline,
                lost: lost.first(),
                untold: untold.as_deref(),
                is_written,
                origin,
                is_open: device.window_open(now),
            }),
            timeline,
            files,
        })
    }

    #[allow(clippy::too_many_arguments)]
    fn draft<T>(
        &self,
        subject: &Subject,
        heard: &Heard,
        vendor: &'static vendors::Vendor,
        kind: FileKind,
        path: &Path,
        secrets: bool,
        origin: &Origin,
        now: i64,
        then: impl FnOnce(&Job, Draft) -> T,
    ) -> Result<T, Error> {
        let shared = self.shared.get()?;
        let profile = resolve::profile(&shared, &subject.device);
        let outside = profile.and_then(|profile| resolve::outside_target(subject, profile));
        if profile.is_some_and(|profile| profile.certificates) {
            self.subjects.look_up_material(subject, now)?;
        }
        let job = Job {
            vendor,
            kind,
            path,
            shared: &shared,
            subject: Some(subject),
            own: None,
            base: None,
            profile: profile.map(|profile| &**profile),
            outside: outside.as_deref(),
            secrets,
            proven: secrets,
            identity_model: heard.model.as_deref(),
            identity_version: heard.version.as_deref(),
            origin,
            tls: subject.device.tls_at.is_some(),
            now,
        };
        let own = self.own(&job)?;
        let job = Job { own: own.as_ref(), ..job };
        let draft = job.draft();
        Ok(then(&job, draft))
    }
}

fn vendor_of(subject: &Subject) -> Option<&'static vendors::Vendor> {
    let named = subject.device.vendor.as_deref().and_then(vendors::by_id);
    named.or_else(|| vendors::vendor_of_mac(subject.device.mac))
}

/// What the format itself cannot carry.
fn unwritten(job: &Job, draft: &Draft) -> Vec<WriteWarning> {
    job.write(draft).map(|(_, warnings)| warnings).unwrap_or_default()
}

fn is_written(item: &Item, unwritten: &[WriteWarning]) -> bool {
    let is_lost = |param: &str| unwritten.iter().any(|one| one.is_lost() && one.name == param);
    !matches!(item, Item::Param(param) if is_lost(&param.name))
}

fn view(name: &str, job: &Job, draft: &Draft, unwritten: &[WriteWarning]) -> ExplainedFile {
    let line = |name: &str, value: &Value, setting: Option<String>, from: &Provenance| Line {
        name: name.to_owned(),
        value: value.masked().to_owned(),
        setting,
        layer: from.layer.word().to_owned(),
        scope: from.scope.to_string(),
        author: from.author.to_string(),
        at: from.at,
    };
    let lines = draft.mapped.items.iter().filter(|item| is_written(item, unwritten)).map(|item| match item {
        Item::Param(param) => {
            line(&param.name, &param.value, param.setting.map(|id| catalogue().name(id)), &param.from)
        }
        Item::Text { text, from } | Item::Unread { text, from } => line("", text, None, from),
    });
    let unsaid = draft.mapped.unsaid.iter().map(|one| format!("{}: {}", catalogue().name(one.setting), one.why));
    let by_hand = job.outside.filter(|_| vendors::has_phone_groups(job.vendor.id)).and_then(Target::instruction);
    let missing = || resolve::unfilled(job.subject?, job.outside?, &job.whom());
    let unsaid = unsaid.chain(unwritten.iter().map(ToString::to_string)).chain(by_hand).chain(missing());
    ExplainedFile { name: name.to_owned(), lines: lines.collect(), unsaid: unsaid.collect() }
}

fn mask(draft: &mut Draft) {
    for item in &mut draft.mapped.items {
        let value = match item {
            Item::Param(param) => &mut param.value,
            Item::Text { text, .. } | Item::Unread { text, .. } => text,
        };
        if value.is_secret() {
            *value = Value::Plain(MASK.into());
        }
    }
    if let Some(place) = draft.base.find("/p/") {
        draft.base.truncate(place);
        draft.base.push_str("/p/******/");
    }
}

/// Of answers that held a secret. With a certificate it came by TLS. What a phone stored here may hold a password that its
/// user typed.
const SECRET_REASONS: [Reason; 9] = [
    Reason::Token,
    Reason::Credentials,
    Reason::Window,
    Reason::Code,
    Reason::Bound,
    Reason::CertificateFile,
    Reason::OwnUpload,
    Reason::SiteSecret,
    Reason::RedirectedLogin,
];

/// What the phone said of itself last: a file is made for that.
struct Heard {
    model: Option<String>,
    version: Option<String>,
}

impl Heard {
    /// In any order: a folded repeat has the place of its first time.
    fn of(timeline: &[checkins::Stored]) -> Heard {
        let last = |says: fn(&checkins::Stored) -> Option<&String>| {
            let told = timeline.iter().filter(|one| says(one).is_some());
            told.max_by_key(|one| (one.last_at, one.id)).and_then(says).cloned()
        };
        Heard { model: last(|one| one.model.as_ref()), version: last(|one| one.version.as_ref()) }
    }
}

fn verdict_of(last: &checkins::Stored) -> String {
    let text = match &last.detail {
        Some(detail) => format!("{} ({detail}).", last.text.trim_end_matches('.')),
        None => last.text.clone(),
    };
    if last.next.is_empty() { text } else { format!("{text} {}", last.next) }
}

/// Only a device that somebody added can be let in.
fn verdict_of_stranger(last: &checkins::Stored, mac: Mac) -> String {
    let mut last = last.clone();
    if last.next.contains("device let-in") {
        (_, last.next) = words(Reason::UnknownDevice.code(), Some(mac), "");
    }
    verdict_of(&last)
}

/// What a device whose state says otherwise was refused for, it is not any more.
const BEFORE: [Reason; 7] = [
    Reason::UnknownDevice,
    Reason::Queued,
    Reason::NotActive,
    Reason::Blocked,
    Reason::NoProfile,
    Reason::ResetSuspected,
    Reason::Conflict,
];

/// What the last sentence goes by.
struct Judged<'a> {
    subject: &'a Subject,
    has_profile: bool,
    /// The newest first.
    timeline: &'a [checkins::Stored],
    /// A value that a format cannot carry.
    lost: Option<&'a String>,
    /// A login of another server that its files cannot carry.
    untold: Option<&'a str>,
    /// Files are made for its kind.
    is_written: bool,
    origin: &'a Origin,
    is_open: bool,
}

fn verdict(judged: &Judged) -> String {
    let Judged { subject, has_profile, timeline, lost, untold, is_written, origin, is_open } = *judged;
    let device = &subject.device;
    let say = |reason: Reason| {
        let (text, next) = words(reason.code(), Some(device.mac), "");
        format!("{text} {next}").trim().to_owned()
    };
    match device.state {
        State::Known => return say(Reason::NotActive),
        State::Blocked => return say(Reason::Blocked),
        State::Active => {}
    }
    if !has_profile {
        return say(Reason::NoProfile);
    }
    if device.conflict_at.is_some() {
        return say(Reason::Conflict);
    }
    if device.reset_at.is_some() {
        let told = timeline.iter().find(|one| one.reason == Reason::ResetSuspected.code());
        return told.map_or_else(|| say(Reason::ResetSuspected), verdict_of);
    }
    // What counts is the last time it asked for a file of its own. Where none is made, that is any of the store.
    let of_the_store = [Reason::NoFile, Reason::StaticFile, Reason::SiteFile, Reason::SiteSecret];
    let others = [
        Reason::OptionalFile,
        Reason::TrustCertificate,
        Reason::ScepCapabilities,
        Reason::RequestAttributes,
        Reason::CertificateCopy,
        Reason::RevocationList,
        Reason::ModelFile,
    ];
    let others = others.iter().chain(of_the_store.iter().filter(|_| is_written));
    let is_other = |one: &&checkins::Stored| others.clone().any(|reason| reason.code() == one.reason);
    let own = timeline.iter().find(|one| !is_other(one));
    let is_past = |last: &checkins::Stored| {
        let is = |reason: &Reason| reason.code() == last.reason;
        BEFORE.iter().any(is) || is_open && is(&Reason::ProofMissing)
    };
    match own {
        Some(last) if !is_written && last.reason == Reason::NoFile.code() => say(Reason::NoWriter),
        None if !is_written => say(Reason::NoWriter),
        None if timeline.iter().any(|one| one.decision == "served") => {
            "It has fetched files of its model, not yet its own: see whether the phone shows an error, or asks another server."
                .to_owned()
        }
        None => {
            let url = origin.http.as_ref().or(origin.https.as_ref()).map_or("of this box", |url| url);
            format!("It has not asked yet: see that it is on the network and is given the URL {url}/.")
        }
        Some(last) if last.decision == "refused" && is_past(last) => {
            let mac = device.mac;
            match is_open {
                true => "It was refused before it was let in and has not asked since: restart the phone. Its first-contact \
                         window is open."
                    .to_owned(),
                false => format!(
                    "It was refused before it was let in and has not asked since; its first-contact window is closed again. \
                     Open it and restart the phone: phonebox device let-in {mac}"
                ),
            }
        }
        Some(last) if last.decision == "refused" => verdict_of(last),
        Some(last) if lost.is_some() && matches!(last.decision.as_str(), "served" | "redirected") => {
            format!("{} But {}. Correct the value.", last.text, lost.map_or("", String::as_str))
        }
        Some(last) if untold.is_some() && last.decision == "redirected" => {
            format!("{} {}", last.text, untold.unwrap_or_default())
        }
        Some(last) if last.next.is_empty() && !last.is_part() => format!("All is well: {}", lower_first(&last.text)),
        Some(last) => verdict_of(last),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
