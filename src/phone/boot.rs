//! How a phone boots: where it looks, in which order it asks, and what it keeps of the answers.

use super::http::{Client, Reply, Trust, Url};
use super::kinds::{self, Grammar, Role, Verifies};
use super::program::{self, Facts};
use super::{Asked, Boot, Phone, login, read};
use std::collections::BTreeMap;

const REDIRECTS: usize = 3;
const FILES: usize = 32;

impl Phone {
    pub(super) fn fetch(&mut self, poll: bool) -> Boot {
        let mut boot = Boot::default();
        for place in self.places() {
            if self.settle(&place, poll, &mut boot) {
                // Sent to another server: it goes there at once. When exactly a phone does is not known.
                let sent = self.server().and_then(|url| Url::parse(&url)).filter(|url| !url.is_same_server(&place));
                if let Some(url) = sent {
                    self.settle(&url, poll, &mut boot);
                }
                break;
            }
        }
        boot
    }

    /// Whether it found a configuration there.
    fn settle(&mut self, place: &Url, poll: bool, boot: &mut Boot) -> bool {
        let before = std::mem::take(&mut boot.configured);
        // With new firmware it restarts.
        for _ in 0..2 {
            let version = self.version.clone();
            self.visit(place, poll, boot);
            if self.version == version {
                break;
            }
        }
        let found = boot.configured;
        boot.configured |= before;
        found
    }

    /// Where it looks, in order.
    fn places(&self) -> Vec<Url> {
        let start = self.flash.start.clone();
        let places = match (&self.kind.discovery, self.server()) {
            (_, None) => vec![start],
            // What a settings file says goes before DHCP (avaya.md §1.6).
            (None, own) => vec![own],
            (Some(discovery), own) => {
                let value = self.value(&discovery.param);
                let on = value.is_none_or(|value| discovery.on.iter().any(|on| value.contains(on.as_str())));
                if on { vec![start, own] } else { vec![own] }
            }
        };
        let mac = self.mac.upper();
        places.into_iter().flatten().filter_map(|url| Url::parse(&url.replace("{mac}", &mac))).collect()
    }

    fn visit(&mut self, place: &Url, poll: bool, boot: &mut Boot) {
        let file = place.path.rsplit('/').next().unwrap_or_default();
        // A URL of a file is that file alone (vendors.md §3.2); anything else is a directory.
        let whole_file = self.kind.grammar == Grammar::XmlSnom && file.contains('.');
        let place = if whole_file { place.clone() } else { place.clone().directory() };
        let mut digest = String::new();
        let mut includes: Option<Vec<String>> = None;
        if whole_file {
            self.take(&place, file, &mut digest, boot);
            return self.finish(&place, &digest, boot);
        }
        for step in &self.kind.boot {
            let name = kinds::fill(&step.file, self.model, &self.version, self.mac);
            match (step.role, &includes) {
                (Role::Include, None) => {
                    let body = self.text("GET", &place, &name, boot);
                    includes = body.and_then(|text| read::read(self.kind.grammar, &text)).map(|said| said.more);
                }
                (Role::Include, Some(_)) => {}
                (Role::Values, None) => self.take(&place, &name, &mut digest, boot),
                (Role::Values, Some(_)) => {}
                (Role::Program, _) => self.program(&place, &name, poll, &mut digest, boot),
                (Role::Firmware, _) => self.firmware_by_url(&place, boot),
            }
        }
        for name in includes.unwrap_or_default() {
            self.take(&place, &name, &mut digest, boot);
        }
        self.finish(&place, &digest, boot);
    }

    fn finish(&mut self, place: &Url, digest: &str, boot: &mut Boot) {
        if boot.configured {
            let digest = login::md5(digest);
            boot.changed |= self.flash.digest != digest;
            self.flash.digest = digest;
            self.learn_trust(place, boot);
        }
    }

    /// A file of values, and what it refers to.
    fn take(&mut self, place: &Url, name: &str, digest: &mut String, boot: &mut Boot) {
        let mut names = vec![name.to_owned()];
        while let Some(name) = names.pop() {
            if boot.requests.len() > FILES {
                return;
            }
            let name = name.replace("{mac}", &self.mac.upper());
            let Some(text) = self.text("GET", place, &name, boot) else { continue };
            let Some(said) = read::read(self.kind.grammar, &text) else { continue };
            digest.push_str(&text);
            if said.overwrite {
                self.flash.values.clear();
            }
            for (name, value) in said.values {
                self.flash.values.insert(name, value);
            }
            boot.configured = true;
            names.extend(said.more.into_iter().rev());
        }
    }

    /// A 46xx file and what it leads to. What it no longer says is default again, unless no settings file was reached.
    fn program(&mut self, place: &Url, first: &str, poll: bool, digest: &mut String, boot: &mut Boot) {
        let facts = self.facts();
        let this = &mut *self;
        let run = program::run(first, &facts, |name| {
            let text = this.conditional(place, name, poll, boot)?;
            digest.push_str(&text);
            Some(text)
        });
        let Some(run) = run else { return };
        if let Some(version) = self.firmware_by_version(place, &run.values, boot) {
            self.version = version;
            return;
        }
        if run.read.len() < 2 {
            return;
        }
        boot.configured = true;
        self.flash.values = run.values;
    }

    fn facts(&self) -> Facts {
        let model4 = self.model.name.get(..4).unwrap_or(&self.model.name).to_owned();
        let group = self.value("GROUP").unwrap_or("0").to_owned();
        Facts::from([
            ("MODEL4", model4),
            ("MODEL", self.model.name.clone()),
            ("MACADDR", self.mac.to_string()),
            ("GROUP", group),
            ("HWVERS", "4".to_owned()),
            ("SIG", "0".to_owned()),
            ("SIG_IN_USE", "SIP".to_owned()),
            ("APPNAME_IN_USE", self.version.clone()),
        ])
    }

    fn conditional(&mut self, place: &Url, name: &str, poll: bool, boot: &mut Boot) -> Option<String> {
        if !self.kind.conditional {
            return self.text("GET", place, name, boot);
        }
        let since = self.flash.files.get(name).filter(|_| poll).map(|(date, _)| date.clone());
        let headers: Vec<(&str, &str)> = since.iter().map(|date| ("If-Modified-Since", date.as_str())).collect();
        let (status, reply) = self.request("GET", place, name, &headers, &[], boot)?;
        if status == 304 {
            let text = self.flash.files.get(name).map(|(_, text)| text.clone())?;
            if let Some(asked) = boot.requests.last_mut() {
                asked.digest = login::md5(&text);
            }
            return Some(text);
        }
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        let date = reply.header("last-modified").map(str::to_owned);
        if status == 200
            && let Some(date) = date
        {
            self.flash.files.insert(name.to_owned(), (date, text.clone()));
        }
        (status == 200).then_some(text)
    }

    /// Avaya: the version in the file name differs from the one that runs (avaya.md §3).
    fn firmware_by_version(
        &mut self,
        place: &Url,
        values: &BTreeMap<String, String>,
        boot: &mut Boot,
    ) -> Option<String> {
        let name = values.get("APPNAME").filter(|name| !name.is_empty())?.clone();
        let version = name.rsplit_once("_R")?.1.strip_suffix(".bin")?.replace('_', ".");
        if version == self.version {
            return None;
        }
        let (status, _) = self.request("GET", place, &name, &[], &[], boot)?;
        boot.firmware = Some(name).filter(|_| status == 200);
        (status == 200).then_some(version)
    }

    fn firmware_by_url(&mut self, place: &Url, boot: &mut Boot) {
        let agent = self.kind.firmware_agent.as_ref();
        self.agent = agent.map(|agent| kinds::fill(agent, self.model, &self.version, self.mac));
        self.fetch_firmware(place, boot);
        self.agent = None;
    }

    fn fetch_firmware(&mut self, place: &Url, boot: &mut Boot) -> Option<()> {
        let name = self.kind.firmware.as_ref()?;
        let chosen = match &self.kind.firmware_file {
            None => self.value(name)?.to_owned(),
            Some(file) => {
                let file = self.value(file).filter(|url| !url.is_empty())?.to_owned();
                let said = read::read(self.kind.grammar, &self.text("GET", place, &file, boot)?)?;
                said.values.into_iter().find(|(other, _)| other == name)?.1
            }
        };
        if chosen.is_empty() || self.flash.firmware.as_ref() == Some(&chosen) {
            return None;
        }
        if let (200, _) = self.request("GET", place, &chosen, &[], &[], boot)? {
            boot.firmware = Some(chosen.clone());
            self.flash.firmware = Some(chosen);
        }
        Some(())
    }

    /// Fetches the CAs that its values name.
    fn learn_trust(&mut self, place: &Url, boot: &mut Boot) {
        let named = self.kind.trust.as_ref().and_then(|name| self.flash.values.get(name)).cloned().unwrap_or_default();
        let mut learnt = Vec::new();
        for name in named.split(',').filter(|name| !name.is_empty()) {
            let text = self.text("GET", place, name, boot);
            learnt.extend(text.filter(|text| text.contains("BEGIN CERTIFICATE")));
        }
        // Where absent means default, the list is the whole truth.
        if !self.kind.keeps && !learnt.is_empty() {
            self.flash.trusted.clear();
        }
        learnt.iter().for_each(|pem| self.trust(pem));
    }

    fn text(&mut self, method: &'static str, place: &Url, name: &str, boot: &mut Boot) -> Option<String> {
        let (status, reply) = self.request(method, place, name, &[], &[], boot)?;
        (status == 200).then(|| String::from_utf8_lossy(&reply.body).into_owned())
    }

    pub(super) fn request(
        &mut self,
        method: &'static str,
        place: &Url,
        name: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        boot: &mut Boot,
    ) -> Option<(u16, Reply)> {
        let mut url = place.join(name)?;
        if url.login.is_none() && (url.host == place.host) {
            url.login.clone_from(&place.login);
        }
        for _ in 0..REDIRECTS {
            let (asked, reply) = self.once(method, &url, headers, body);
            let status = asked.status;
            boot.requests.push(asked);
            let reply = reply?;
            let next =
                reply.header("location").filter(|_| self.kind.follows && matches!(status, 301 | 302 | 307 | 308));
            match next.and_then(|next| url.join(next)) {
                Some(next) => url = next,
                None => return Some((status, reply)),
            }
        }
        None
    }

    fn once(&self, method: &'static str, url: &Url, headers: &[(&str, &str)], body: &[u8]) -> (Asked, Option<Reply>) {
        let agent = self.user_agent();
        let named = |name: &Option<String>| {
            name.as_ref().and_then(|name| self.value(name)).filter(|value| !value.is_empty()).map(str::to_owned)
        };
        let trusted = &self.flash.trusted;
        let client = Client {
            agent: &agent,
            login: named(&self.kind.user).map(|user| (user, named(&self.kind.password).unwrap_or_default())),
            trust: match self.kind.verifies {
                Verifies::OnceTold if trusted.is_empty() => Trust::Anyone,
                _ => Trust::Only(trusted),
            },
            strict: self.kind.strict,
            from: self.from,
        };
        let file = url.path.rsplit('/').next().unwrap_or_default().to_owned();
        let mut asked = Asked {
            method,
            url: url.to_string(),
            file,
            status: 0,
            error: None,
            bytes: 0,
            digest: String::new(),
            logged_in: false,
            body: Vec::new(),
        };
        match client.ask(method, url, headers, body) {
            Ok((reply, logged_in)) => {
                asked.status = reply.status;
                asked.bytes = reply.body.len();
                asked.digest = login::md5(&reply.body);
                asked.logged_in = logged_in;
                asked.body.clone_from(&reply.body);
                (asked, Some(reply))
            }
            Err(error) => {
                asked.error = Some(error);
                (asked, None)
            }
        }
    }
}
