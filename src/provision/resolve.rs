//! Step 4: the layers of one request, strongest last, and the values the box itself adds. Pure.

use super::own::Own;
use super::shared::{RawItems, Scope, Shared};
use super::subject::Subject;
use crate::ca::cert_profile;
use crate::devices::{Device, Proof, Token};
use crate::enrollment::files::Form;
use crate::firmware;
use crate::net::Mac;
use crate::profiles::{Profile, Target};
use crate::settings::{Layer, Provenance, Resolved, Secret, Set, SettingId, Value, Values, catalogue, resolve};
use crate::vendors::map::{self, Dialect, Mapped};
use crate::vendors::{self, CertificateWay, Item, Param, SteadyProof};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

/// For whom a file is made: what the evidence says, corrected by what the device's row says.
#[derive(Debug, Clone, Copy)]
pub struct For<'a> {
    pub vendor: &'static vendors::Vendor,
    pub model: Option<&'a str>,
    pub dialect: &'a str,
    pub version: Option<&'a str>,
}

impl<'a> For<'a> {
    pub fn of(
        vendor: &'static vendors::Vendor,
        model: Option<&'a str>,
        version: Option<&'a str>,
        file: &str,
    ) -> For<'a> {
        let row = model.and_then(|model| vendors::model(vendor, model));
        let by_file = || vendors::dialect_of_file(vendor, file).unwrap_or("");
        For {
            vendor,
            model: row.map(|row| row.name.as_str()).or(model),
            dialect: row.and_then(|row| row.dialect.as_deref()).unwrap_or_else(by_file),
            version,
        }
    }

    pub fn dialect(&self, now: i64) -> Dialect<'a> {
        Dialect { vendor: self.vendor.id, name: self.dialect, firmware: self.version, year: year(now) }
    }
}

pub fn year(now: i64) -> i16 {
    jiff::Timestamp::from_millisecond(now).map_or(2026, |at| at.to_zoned(TimeZone::UTC).year())
}

/// The addresses of this box as the phone reaches it, without trailing slash: `http://10.0.0.1:8080`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    pub http: Option<Arc<str>>,
    pub https: Option<Arc<str>>,
}

/// The scopes that a request's answer is made of, weakest first.
pub struct Scopes<'a> {
    vendor: &'static str,
    /// What the firmware policy says.
    policy: Values,
    shared: Vec<&'a Scope>,
    own: Option<&'a Own>,
}

impl<'a> Scopes<'a> {
    pub fn of(
        shared: &'a Shared,
        device: Option<&Device>,
        own: Option<&'a Own>,
        account: i64,
        whom: &For,
    ) -> Scopes<'a> {
        let site = device.and_then(|device| device.site_id);
        let profile = device.and_then(|device| profile(shared, device)).map(|profile| profile.id);
        let model = whom.model.and_then(|model| shared.model_id(account, whom.vendor.id, model));
        let group = device.and_then(|device| device.group_id.or_else(|| phone_group(shared, device)));
        let ids = [
            (Layer::Global, Some(0)),
            (Layer::Account, Some(account)),
            (Layer::Site, site),
            (Layer::Profile, profile),
            (Layer::Model, model),
            (Layer::Group, group),
        ];
        let shared = ids.into_iter().filter_map(|(layer, id)| shared.scope(layer, id?)).collect();
        Scopes { vendor: whom.vendor.id, policy: Values::default(), shared, own }
    }

    /// With what the policy of the device's account makes of its model; weaker than everything that somebody set.
    pub fn with_policy(mut self, shared: &Shared, device: &Device, whom: &For) -> Scopes<'a> {
        let (Some(id), Some(model)) = (IDS.firmware_file, whom.model) else { return self };
        let (account, site, vendor) = (device.account_id, device.site_id, whom.vendor);
        let about = firmware::About { account, site, vendor, model, runs: whom.version };
        let name = site.and_then(|site| shared.sites.get(&site)).map(|site| &site.name);
        if let Some((file, from)) = shared.firmware.file(&about, name) {
            self.policy = Values::new(vec![Set { id, line: 0, value: Value::Plain(file), from: Arc::new(from) }]);
        }
        self
    }

    /// With one more scope, stronger than the others.
    pub fn and(mut self, scope: &'a Scope) -> Scopes<'a> {
        self.shared.push(scope);
        self
    }

    pub fn resolve(&self, of_the_box: &Values, secrets: bool) -> Vec<Resolved> {
        let mut layers: Vec<&Values> = vec![vendors::map::vendor_layer(self.vendor)];
        if !self.policy.is_empty() {
            layers.push(&self.policy);
        }
        layers.extend(self.shared.iter().map(|scope| &scope.values));
        let mut lines = [].as_slice();
        if let Some(own) = self.own {
            layers.extend([&own.values, &own.line_values]);
            lines = &own.lines;
        }
        layers.push(of_the_box);
        resolve(&layers, lines, secrets)
    }

    /// Raw vendor text of every layer, weakest first; without secrets only what holds none.
    pub fn raw(&self, vendor: &str, secrets: bool) -> Vec<Item> {
        let own = self.own.map(|own| own.raw.as_slice()).unwrap_or_default();
        let texts = self.shared.iter().flat_map(|scope| scope.raw.as_slice()).chain(own);
        let of_vendor = texts.filter(|raw: &&RawItems| raw.vendor.eq_ignore_ascii_case(vendor));
        of_vendor.flat_map(|raw| raw.items.iter()).filter(|item| secrets || !is_secret(item)).cloned().collect()
    }
}

fn is_secret(item: &Item) -> bool {
    match item {
        Item::Param(param) => param.value.is_secret(),
        Item::Text { text, .. } | Item::Unread { text, .. } => text.is_secret(),
    }
}

/// Where the device is sent: its own URL before its profile's first target. `None`: this box provisions it.
pub fn outside_target<'a>(subject: &Subject, profile: &'a Profile) -> Option<Cow<'a, Target>> {
    let own = subject.device.url.as_ref().and_then(|url| crate::profiles::url::parse(url.reveal()).ok());
    let first = profile.targets.first();
    let Some(own) = own else { return first.filter(|target| target.url.is_some()).map(Cow::Borrowed) };
    Some(Cow::Owned(Target {
        id: first.map_or(0, |target| target.id),
        position: 0,
        url: Some(own.url),
        username: own.username,
        password: own.password,
        root_ca: first.and_then(|target| target.root_ca.clone()),
        phone_group: first.map_or(0, |target| target.phone_group),
    }))
}

/// The phone group of its profile's target (AVA-119, AVA-120) selects the device group of that name.
fn phone_group(shared: &Shared, device: &Device) -> Option<i64> {
    let number = profile(shared, device)?.targets.first()?.phone_group;
    if number == 0 { None } else { shared.group_id(device.account_id, &number.to_string()) }
}

/// The device's own profile, or its site's.
pub fn profile<'a>(shared: &'a Shared, device: &Device) -> Option<&'a Arc<Profile>> {
    let of_site = || shared.sites.get(&device.site_id?)?.profile_id;
    shared.profiles.get(&device.profile_id.or_else(of_site)?)
}

/// The certificate profile by whose rules it gets its certificates.
pub fn certificate_profile<'a>(shared: &'a Shared, device: &Device) -> &'a str {
    profile(shared, device).map_or(cert_profile::DEVICE, |profile| &profile.certificate_profile)
}

/// Mapped items with raw ones on top: a raw parameter takes the place of a mapped one of the same name.
pub fn overlay(mut items: Vec<Item>, raw: Vec<Item>) -> Vec<Item> {
    if raw.is_empty() {
        return items;
    }
    let names: std::collections::HashSet<&str> = raw
        .iter()
        .filter_map(|item| match item {
            Item::Param(param) => Some(&*param.name),
            Item::Text { .. } | Item::Unread { .. } => None,
        })
        .collect();
    items.retain(|item| !matches!(item, Item::Param(param) if names.contains(&*param.name)));
    drop(names);
    items.extend(raw);
    items
}

/// The chosen firmware file becomes the address it is fetched from; the choice keeps its author. What a policy gave is in the
/// place of the device's MAC: phones that do not name themselves for firmware get their account's file by it.
pub fn add_firmware_url(resolved: &mut Vec<Resolved>, origin: &Origin, mac: Option<Mac>) {
    let (Some(file), Some(url)) = (IDS.firmware_file, IDS.firmware_url) else { return };
    let chosen = resolved.iter().find(|one| one.id == file && !one.value.text().is_empty());
    let base = origin.http.as_ref().or(origin.https.as_ref());
    if let (Some(chosen), Some(base)) = (chosen, base) {
        let place = mac.filter(|_| chosen.from.layer == Layer::Policy).map(|mac| format!("{mac}/")).unwrap_or_default();
        let text = format!("{base}/{place}{}", chosen.value.text());
        let one = Resolved { id: url, line: 0, value: plain(&text), from: chosen.from.clone() };
        let place = resolved.partition_point(|other| other.id <= url);
        resolved.insert(place, one);
    }
}

/// The chosen firmware is unsaid only where neither the address made of it nor an upgrade file names it.
pub fn tell_firmware_once(mapped: &mut Mapped, has_upgrade_file: bool) {
    let is = |id: SettingId, one: Option<SettingId>| one == Some(id);
    let is_address =
        |item: &Item| matches!(item, Item::Param(Param { setting: Some(id), .. }) if is(*id, IDS.firmware_url));
    let said = has_upgrade_file || mapped.items.iter().any(is_address);
    let keep = |id: SettingId| !(is(id, IDS.firmware_url) || said && is(id, IDS.firmware_file));
    mapped.unsaid.retain(|unsaid| keep(unsaid.setting));
}

/// The firmware file chosen for a model by the layers above the device.
pub fn firmware_file(resolved: &[Resolved]) -> Option<&Resolved> {
    let file = IDS.firmware_file?;
    resolved.iter().find(|one| one.id == file && !one.value.text().is_empty())
}

struct Ids {
    firmware_file: Option<SettingId>,
    firmware_url: Option<SettingId>,
    url: Option<SettingId>,
    user: Option<SettingId>,
    password: Option<SettingId>,
    trust: Option<SettingId>,
    scep_url: Option<SettingId>,
    scep_challenge: Option<SettingId>,
    scep_name: Option<SettingId>,
    certificate_url: Option<SettingId>,
    certificate_password: Option<SettingId>,
    certificate_shown: Option<SettingId>,
    discovery: Option<SettingId>,
}

static IDS: LazyLock<Ids> = LazyLock::new(|| {
    let find = |name| catalogue().find(name).ok();
    Ids {
        firmware_file: find("firmware.file"),
        firmware_url: find("firmware.url"),
        url: find("provisioning.url"),
        user: find("provisioning.user"),
        password: find("provisioning.password"),
        trust: find("provisioning.trust_certificate_url"),
        scep_url: find("scep.url"),
        scep_challenge: find("scep.challenge"),
        scep_name: find("scep.common_name"),
        certificate_url: find("tls.client_certificate_url"),
        certificate_password: find("tls.client_certificate_password"),
        certificate_shown: find("tls.device_certificate"),
        discovery: find("provisioning.discovery"),
    }
});

static FROM_BOX: LazyLock<Arc<Provenance>> = LazyLock::new(|| {
    Arc::new(Provenance { layer: Layer::Box, scope: Arc::default(), author: "this box".into(), at: 0 })
});

fn set(sets: &mut Vec<Set>, id: Option<SettingId>, value: Value) {
    if let Some(id) = id {
        sets.push(Set { id, line: 0, value, from: FROM_BOX.clone() });
    }
}

fn plain(text: &str) -> Value {
    Value::Plain(text.into())
}

/// What the box adds to a file of a device that it provisions itself: where to come back to, and how to prove it.
///
/// URLs are HTTP until the device has completed HTTPS here (trust certificate first, URL second), or HTTPS from the start
/// where secrets go by nothing else. The steady token and
/// the HTTP password are secrets; without the grant they are not even put in.
pub fn of_the_box(
    subject: Option<&Subject>,
    profile: Option<&Profile>,
    whom: &For,
    origin: &Origin,
    secrets: bool,
) -> Values {
    let mut sets = Vec::new();
    let (Some(subject), Some(profile)) = (subject, profile) else { return Values::default() };
    let device = &subject.device;
    // A certificate is shown over HTTPS alone.
    let may_https = profile.https || profile.certificates;
    let https = profile.secrets_tls_only || may_https && device.tls_at.is_some();
    let origin_now = if https {
        origin.https.as_ref().or(origin.http.as_ref())
    } else {
        origin.http.as_ref().or(origin.https.as_ref())
    };
    if (may_https || profile.secrets_tls_only)
        && let Some(http) = origin.http.as_ref().or(origin.https.as_ref())
    {
        // By MAC and mark it is known whose roots they are, whatever fetches them: the report of a roll-over counts no mere
        // name.
        let own = || format!("{http}/{}/{}/phonebox-ca.pem", Token::mark(&device.token), device.mac);
        let trust = match secrets {
            true => Value::Secret(Secret::new(own())),
            false => plain(&format!("{http}/phonebox-ca.pem")),
        };
        set(&mut sets, IDS.trust, trust);
    }
    let Some(base) = origin_now else { return Values::new(sets) };
    if profile.certificates && secrets {
        add_certificate(&mut sets, subject, whom, origin, base);
    }
    let proof = vendors::steady_proof(whom.vendor.id, whom.dialect, whom.version);
    match proof {
        SteadyProof::Token if secrets => {
            let url = format!("{base}/p/{}/", device.token.reveal());
            set(&mut sets, IDS.url, Value::Secret(Secret::new(url)));
            if !profile.keep_discovery {
                set(&mut sets, IDS.discovery, plain("false"));
            }
        }
        SteadyProof::Credentials if secrets => {
            set(&mut sets, IDS.user, plain(&device.http_user()));
            if let Some(password) = subject.http_password() {
                set(&mut sets, IDS.password, Value::Secret(password.clone()));
            }
        }
        _ => {}
    }
    // No token is in it: who proves itself by something else is led to HTTPS by the same rule, and by HTTP it comes where
    // it came from.
    let has_token = secrets && proof == SteadyProof::Token;
    let leads = proof != SteadyProof::Token || profile.secrets_tls_only;
    if https && leads && !has_token && origin.https.is_some() {
        set(&mut sets, IDS.url, plain(&format!("{base}/")));
    }
    Values::new(sets)
}

/// How the phone comes to its identity certificate. Who has one by SCEP keeps the address, for its renewal.
fn add_certificate(sets: &mut Vec<Set>, subject: &Subject, whom: &For, origin: &Origin, base: &str) {
    let device = &subject.device;
    let file = |form: Form| {
        let url = format!("{base}/p/{}/{}", device.token.reveal(), form.name(device.mac));
        Value::Secret(Secret::new(url))
    };
    // Whom somebody had a file made for takes the file.
    let takes_file = vendors::takes_pkcs12(whom.vendor.id, whom.dialect);
    let password = subject.material().and_then(|material| material.file_password.clone()).filter(|_| takes_file);
    match (vendors::certificate_way(whom.vendor.id, whom.dialect), password) {
        (Some(CertificateWay::Scep), Some(password)) => {
            set(sets, IDS.certificate_url, file(Form::Pkcs12));
            set(sets, IDS.certificate_password, Value::Secret(password));
        }
        (Some(CertificateWay::Scep), None) => {
            let Some(http) = origin.http.as_ref().or(origin.https.as_ref()) else { return };
            set(sets, IDS.scep_url, plain(&format!("{http}/scep/pkiclient.exe")));
            set(sets, IDS.scep_name, plain("$MACADDR"));
            if let Some(challenge) = subject.material().and_then(|material| material.challenge.clone()) {
                set(sets, IDS.scep_challenge, Value::Secret(challenge));
            }
        }
        (Some(CertificateWay::Pem), _) => {
            set(sets, IDS.certificate_url, file(Form::Pem));
            set(sets, IDS.certificate_shown, plain("custom"));
        }
        (None, _) => {}
    }
}

/// What a device is told that another server provisions: that server's URL and root certificate, nothing else.
pub fn of_the_target(subject: &Subject, target: &Target, whom: &For, origin: &Origin, secrets: bool) -> Option<Values> {
    let mut sets = Vec::new();
    let device = &subject.device;
    let url = target.url.as_ref()?;
    if unfilled(subject, target, whom).is_none() {
        let text = url.expand(whom.model, Some(&device.mac.upper()), device.serial.as_deref());
        set(&mut sets, IDS.url, plain(&text));
    }
    if secrets && let Some(user) = &target.username {
        set(&mut sets, IDS.user, plain(user));
        if let Some(password) = &target.password {
            set(&mut sets, IDS.password, Value::Secret(password.clone()));
        }
    }
    if target.root_ca.is_some()
        && let Some(http) = origin.http.as_ref().or(origin.https.as_ref())
    {
        set(&mut sets, IDS.trust, plain(&format!("{http}/target-{}.pem", target.id)));
    }
    Some(Values::new(sets))
}

/// What the target's URL needs and nobody said of this device. Avaya phones fill their own macros in (avaya.md §2); in any
/// other's file they would be a directory of that name.
pub fn unfilled(subject: &Subject, target: &Target, whom: &For) -> Option<String> {
    if vendors::expands_macros(whom.vendor.id) { None } else { missing(subject, target, whom) }
}

/// The same for an address that the phone gets outside of its files.
pub fn missing(subject: &Subject, target: &Target, whom: &For) -> Option<String> {
    let device = &subject.device;
    let (name, word) = target.url.as_ref()?.missing(whom.model.is_some(), device.serial.is_some())?;
    Some(format!(
        "the URL of its target holds {name} and its {word} is not known. Set it: phonebox device set {} --{word} …",
        device.mac
    ))
}

/// Whether a device of this kind can be told where else to go, and the login of there.
pub fn can_be_sent(whom: &For, now: i64) -> (bool, bool) {
    let dialect = whom.dialect(now);
    let says = |id: Option<SettingId>| id.is_some_and(|id| map::says(&dialect, id));
    (says(IDS.url), says(IDS.user))
}

/// Whether day two of this device is a login: its first file stays open, the next one lies in the asking directory.
pub fn must_log_in(subject: &Subject, whom: &For, now: i64) -> bool {
    let device = &subject.device;
    vendors::steady_proof(whom.vendor.id, whom.dialect, whom.version) == SteadyProof::Credentials
        && (device.proof == Some(Proof::Credentials) || device.secrets_at.is_some() && !device.window_open(now))
}
