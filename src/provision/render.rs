//! Steps 4 and 5 for one file: settings → the vendor's parameters → bytes, kept while they are true.

use super::Path;
use super::documents::{Etag, Family, Key, Rendered};
use super::load::account_of;
use super::own::Own;
use super::pipeline::Pipeline;
use super::resolve::{self, For, Origin, Scopes};
use super::shared::Shared;
use super::subject::Subject;
use crate::db::{BOX_ACCOUNT, Error};
use crate::net::Mac;
use crate::profiles::{Profile, Target};
use crate::settings::{Resolved, Values};
use crate::vendors::format::WriteWarning;
use crate::vendors::map::{self, Base, Mapped};
use crate::vendors::{self, FileKind, Item, Param, Render, Section, SteadyProof};
use jiff::tz::TimeZone;
use std::sync::OnceLock;

/// All that one file is made of.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    pub vendor: &'static vendors::Vendor,
    pub kind: FileKind,
    pub path: &'a Path,
    pub shared: &'a Shared,
    pub subject: Option<&'a Subject>,
    /// Read when it is known that the file must be made.
    pub own: Option<&'a Own>,
    /// Of the files of others like it: what they are told alike.
    pub base: Option<&'a OnceLock<Option<Base>>>,
    pub profile: Option<&'a Profile>,
    pub outside: Option<&'a Target>,
    pub secrets: bool,
    /// Whoever asks has proved which device it is: links may carry its token. In a first-contact window they do not: a file
    /// that never arrived would count as proof that it did.
    pub proven: bool,
    pub identity_model: Option<&'a str>,
    pub identity_version: Option<&'a str>,
    pub origin: &'a Origin,
    /// The request came by HTTPS: what it is led to is HTTPS too.
    pub tls: bool,
    pub now: i64,
}

pub enum Failure {
    NoWriter,
    Write(String),
    Read(Error),
}

/// A file before it is bytes: what explain and preview show line by line.
pub struct Draft {
    pub mapped: Mapped,
    /// For whoever may read a file without a MAC.
    pub sections: Vec<Section>,
    pub next: Option<&'static str>,
    pub base: String,
}

impl Job<'_> {
    /// The row's model counts, the request's fills the gap; firmware comes from the request alone.
    pub fn whom(&self) -> For<'_> {
        let own = self.subject.and_then(|subject| subject.device.model.as_deref());
        let model = own.or(self.identity_model);
        For::of(self.vendor, model, self.identity_version, &self.path.name)
    }

    /// Where an experimental HTTP 302 leads; a target with credentials is no place for one.
    pub fn redirect_url(&self, target: &Target) -> Option<String> {
        let subject = self.subject?;
        let url = target.url.as_ref().filter(|_| target.username.is_none())?;
        let whom = self.whom();
        // Nobody fills a macro of a Location in.
        if resolve::missing(subject, target, &whom).is_some() {
            return None;
        }
        Some(format!(
            "{}{}",
            url.expand(whom.model, Some(&subject.device.mac.upper()), subject.device.serial.as_deref()),
            self.path.name
        ))
    }

    /// Whose own values go into this file: a common file holds nobody's. One that names firmware is a model's only as long as
    /// nobody is known to ask for it.
    pub fn holder(&self) -> Option<&Subject> {
        let common = self.kind == FileKind::Common;
        self.subject.filter(|_| !common || self.outside.is_some())
    }

    pub fn draft(&self) -> Draft {
        let whom = self.whom();
        let outside = self.outside.zip(self.subject);
        let resolved = match outside {
            Some((target, subject)) => {
                let told =
                    resolve::of_the_target(subject, target, &whom, self.origin, self.secrets).unwrap_or_default();
                crate::settings::resolve(&[&told], &[], self.secrets)
            }
            None => {
                let scopes = self.scopes(&whom);
                let told = resolve::of_the_box(self.holder(), self.profile, &whom, self.origin, self.secrets);
                let secrets = self.secrets && self.holder().is_some();
                let mut resolved = scopes.resolve(&told, secrets);
                resolve::add_firmware_url(&mut resolved, self.origin, self.subject.map(|subject| subject.device.mac));
                resolved
            }
        };
        let dialect = whom.dialect(self.now);
        let base = self.base.filter(|_| outside.is_none());
        let base = base.and_then(|base| base.get_or_init(|| Base::of(&dialect, &resolved)).as_ref());
        let mut mapped = map::map_beside(base, &dialect, &resolved);
        let upgrade = self.vendor.files.iter().any(|pattern| pattern.kind == Some(FileKind::Upgrade));
        resolve::tell_firmware_once(&mut mapped, upgrade);
        if outside.is_none() && self.kind != FileKind::Upgrade {
            let raw = self.scopes(&whom).raw(self.vendor.id, self.secrets && self.holder().is_some());
            mapped.items = resolve::overlay(std::mem::take(&mut mapped.items), raw);
        }
        if self.kind == FileKind::Upgrade {
            mapped.items = if outside.is_some() { Vec::new() } else { self.firmware(&whom, &resolved) };
        }
        let nameless = self.kind == FileKind::Settings && self.subject.is_none();
        let login = self.kind == FileKind::Upgrade && self.must_log_in(&whom);
        let next = match (nameless, login) {
            (true, _) => Some("$MACADDR.txt"),
            (_, true) => Some("with-login/46xxsettings.txt"),
            _ => None,
        };
        let sections = if nameless { self.sections(&whom, &mapped.items) } else { Vec::new() };
        Draft { mapped, sections, next, base: self.base() }
    }

    /// Where another server provisions it, it has a login if it was told one.
    fn must_log_in(&self, whom: &For) -> bool {
        let has_one = |target: &Target| target.username.is_some() && resolve::can_be_sent(whom, self.now).1;
        self.outside.is_none_or(has_one)
            && self.subject.is_some_and(|subject| resolve::must_log_in(subject, whom, self.now))
    }

    fn scopes(&self, whom: &For) -> Scopes<'_> {
        let device = self.holder().map(|subject| &subject.device);
        let scopes =
            Scopes::of(self.shared, device, self.own.filter(|_| device.is_some()), account_of(self.subject), whom);
        match self.subject {
            // A common file knows nothing of what a site, group or device says instead: the device's own file tells it.
            Some(subject) if self.kind != FileKind::Common => scopes.with_policy(self.shared, &subject.device, whom),
            _ => scopes,
        }
    }

    fn link_origin(&self) -> &str {
        self.origin_by(self.tls)
    }

    fn origin_by(&self, tls: bool) -> &str {
        let Origin { http, https } = self.origin;
        let first = if tls { https.as_ref().or(http.as_ref()) } else { http.as_ref().or(https.as_ref()) };
        first.map_or("", |origin| origin)
    }

    /// Of the address that the phone reached, what this file shows: the scheme, in links only.
    fn reached(&self) -> &str {
        self.origin_by(self.tls && self.links())
    }

    fn links(&self) -> bool {
        matches!(self.kind, FileKind::Container | FileKind::Firmware)
    }

    /// What a container's links are made of.
    fn base(&self) -> String {
        let origin = self.link_origin();
        // Another server's device has no use for a token here, and would count as proved by it.
        match self.subject.filter(|_| self.secrets && self.proven && self.outside.is_none()) {
            Some(subject) => format!("{origin}/p/{}/", subject.device.token.reveal()),
            None => format!("{origin}/"),
        }
    }

    /// Firmware of an upgrade file: the device's own choice, or every model's.
    fn firmware(&self, whom: &For, resolved: &[Resolved]) -> Vec<Item> {
        let app = |model: Option<&str>, chosen: &Resolved| {
            let name = model.map_or("APPNAME".into(), |model| format!("{model}.APPNAME").into());
            let value = chosen.value.clone();
            Item::Param(Param { name, value, setting: Some(chosen.id), from: chosen.from.clone() })
        };
        if self.subject.is_some() {
            return resolve::firmware_file(resolved).map(|chosen| app(whom.model, chosen)).into_iter().collect();
        }
        let mut models: Vec<&str> = self.shared.models_of(BOX_ACCOUNT, self.vendor.id).collect();
        models.sort_unstable();
        let mut items = Vec::new();
        for name in models {
            let Some(model) = vendors::model(self.vendor, name) else { continue };
            let of_model = For { model: Some(&model.name), ..*whom };
            let resolved =
                Scopes::of(self.shared, None, None, BOX_ACCOUNT, &of_model).resolve(&Values::default(), false);
            items.extend(resolve::firmware_file(&resolved).map(|chosen| app(Some(&model.name), chosen)));
        }
        items
    }

    /// Last change of anything the file is made of, the year of its daylight saving rules among it.
    fn modified(&self) -> i64 {
        let new_year = jiff::civil::date(resolve::year(self.now), 1, 1).to_zoned(TimeZone::UTC);
        let new_year = new_year.map_or(0, |at| at.timestamp().as_millisecond());
        let device = self.subject.map_or(0, |subject| subject.device.updated_at);
        let profile = self.profile.map_or(0, |profile| profile.updated_at);
        device.max(profile).max(self.shared.changed_at).max(new_year)
    }
}

impl Pipeline {
    pub(super) fn render(&self, job: &Job) -> Result<Rendered, Failure> {
        let whom = job.whom();
        let login = job.must_log_in(&whom);
        let family = Family {
            account: account_of(job.subject),
            vendor: job.vendor.id,
            model: whom.model,
            version: whom.version,
            secrets: job.secrets,
            links: job.links() && job.proven,
            next: login.then_some("login"),
            year: resolve::year(job.now),
            origin: job.reached(),
        };
        let key = Key { family, mac: job.subject.map(|subject| subject.device.mac), name: &job.path.name };
        let (stamp, epoch) = (job.subject.map_or(0, |subject| subject.stamp), job.shared.epoch());
        if let Some(known) = self.documents.get(&key, stamp, epoch) {
            return Ok(known);
        }
        let own = self.own(job).map_err(Failure::Read)?;
        let base = self.documents.base(&key, epoch);
        let job = Job { own: own.as_ref(), base: base.as_deref(), ..*job };
        let (rendered, _) = job.write(&job.draft())?;
        self.documents.put(&key, stamp, epoch, &rendered);
        Ok(rendered)
    }

    /// What is the device's own in this file.
    pub(super) fn own(&self, job: &Job) -> Result<Option<Own>, Error> {
        let subject = job.holder().filter(|_| job.outside.is_none());
        let whom = job.whom();
        let told = vendors::steady_proof(whom.vendor.id, whom.dialect, whom.version) == SteadyProof::Credentials;
        if let Some(subject) = subject.filter(|_| told && job.secrets) {
            self.subjects.http_password(subject)?;
        }
        subject.map(|subject| Own::load(&self.db, &self.keys, &subject.device)).transpose()
    }
}

impl Job<'_> {
    /// Whom a container leads on that nobody added.
    fn named(&self) -> Option<Mac> {
        let name = Some(self.path.name.as_bytes()).filter(|_| self.kind == FileKind::Container);
        vendors::macs_in_path(name?).next()
    }

    /// The file, and what could not be written into it.
    pub fn write(&self, draft: &Draft) -> Result<(Rendered, Vec<WriteWarning>), Failure> {
        let whom = self.whom();
        let render = Render {
            kind: self.kind,
            file: &self.path.name,
            mac: self.subject.map(|subject| subject.device.mac).or_else(|| self.named()),
            model: whom.model,
            items: &draft.mapped.items,
            sections: &draft.sections,
            base: &draft.base,
            next: draft.next,
        };
        let document = vendors::write::render(self.vendor.id, whom.dialect, &render).map_err(|error| match error {
            vendors::write::WriteError::Vendor(_) => Failure::NoWriter,
            other => Failure::Write(other.to_string()),
        })?;
        let rendered = Rendered {
            content_type: document.content_type,
            etag: Etag::of(&document.bytes),
            bytes: document.bytes.into(),
            modified: self.modified(),
        };
        Ok((rendered, document.warnings))
    }
}
