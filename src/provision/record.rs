//! Step 8: what was asked, decided and sent, handed to the recorder when the answer is known.

use super::answer::{Answer, Delivered};
use super::enroll::Outcome;
use super::pipeline::Pipeline;
use super::{Path, Request, Subject, masked};
use crate::checkins::{CheckIn, Decision, Reason, Transport};
use crate::net::Mac;
use crate::vendors::{self, Identity};
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// An answer, and what will be recorded of it.
pub struct Served<'a> {
    pub answer: Answer,
    pub delivered: Option<Delivered>,
    pub(super) mark: Mark<'a>,
}

/// What the check-in of an enrolment says: its messages have no file names.
#[derive(Debug)]
pub struct Named {
    /// `SCEP PKCSReq`.
    pub file: String,
    pub mac: Option<Mac>,
    pub decision: Decision,
    pub reason: Reason,
    pub detail: Option<String>,
}

/// What a check-in needs to know of a request.
pub struct Mark<'a> {
    pub request: Request<'a>,
    pub identity: Identity<'a>,
    pub shown: Option<&'a Path>,
    pub mac: Option<Mac>,
    /// What the device's row says of itself, where the request did not.
    pub vendor: Option<&'static str>,
    pub subject: Option<Arc<Subject>>,
    pub decision: Decision,
    pub reason: Reason,
    pub detail: Option<String>,
    pub started: Instant,
    /// What it is called where it is no file.
    pub named: Option<String>,
}

impl Pipeline {
    /// An enrolment's answer as the listener sends it and the check-in tells it.
    pub fn enrolled<'a>(&self, request: Request<'a>, outcome: Outcome, started: Instant) -> Served<'a> {
        let identity = vendors::identify(&vendors::Evidence {
            user_agent: request.user_agent,
            client_cert_dn: request.client.map(|client| client.subject.as_bytes()),
            ..vendors::Evidence::default()
        });
        let Outcome { reply, named } = outcome;
        let mark = Mark {
            request,
            shown: None,
            mac: named.mac.or(identity.mac),
            vendor: None,
            subject: None,
            identity,
            decision: named.decision,
            reason: named.reason,
            detail: named.detail,
            started,
            named: Some(named.file),
        };
        Served { answer: Answer::Enrollment(reply), delivered: None, mark }
    }

    /// What could not even be read as a request is a check-in too.
    pub fn record_malformed(&self, transport: Transport, peer: IpAddr, detail: &str, now: i64) {
        self.record_kept(&Kept::unread(transport, peer, b"", Reason::BadRequest, now), 400, 0, Some(detail));
    }

    /// A TLS handshake that came to nothing: no request, and still somebody who tried.
    pub fn record_handshake(&self, peer: IpAddr, reason: Reason, detail: &str, now: i64) {
        let kept = Kept { method: "TLS".into(), ..Kept::unread(Transport::Https, peer, b"", reason, now) };
        self.record_kept(&kept, 0, 0, Some(detail));
    }

    /// Step 8: what was asked, decided and sent.
    pub fn record(&self, served: &Served<'_>, status: u16, bytes: u64) {
        self.recorder.record(served.mark.checkin(status, bytes, &served.mark.file()));
    }

    /// The same for an answer that took longer than its request lived.
    pub fn record_kept(&self, kept: &Kept, status: u16, bytes: u64, detail: Option<&str>) {
        self.recorder.record(CheckIn {
            at: kept.at,
            transport: kept.transport,
            peer: kept.peer,
            mac: kept.mac,
            vendor: kept.vendor,
            model: kept.model.as_deref(),
            version: kept.version.as_deref(),
            method: &kept.method,
            file: &kept.file,
            evidence: &kept.evidence,
            decision: kept.decision,
            reason: kept.reason,
            detail: detail.or(kept.detail.as_deref()),
            status,
            bytes,
            micros: kept.started.elapsed().as_micros() as u64,
        });
    }
}

impl Mark<'_> {
    /// As it may be stored: a slowed source is one line, not one for each name it tries.
    fn file(&self) -> Cow<'_, str> {
        match self.shown {
            _ if self.reason == Reason::Slowed => "*".into(),
            _ if self.named.is_some() => self.named.as_deref().unwrap_or_default().into(),
            Some(path) => path.masked(),
            None => masked(self.request.path).into(),
        }
    }

    fn checkin<'m>(&'m self, status: u16, bytes: u64, file: &'m str) -> CheckIn<'m> {
        CheckIn {
            at: self.request.now,
            transport: self.request.transport,
            peer: self.request.peer,
            mac: self.mac.filter(|_| self.reason != Reason::Slowed),
            vendor: self.vendor.or(self.identity.vendor.map(|vendor| vendor.name)),
            model: self.identity.model.as_deref().or_else(|| self.subject.as_ref()?.device.model.as_deref()),
            version: self.identity.version.as_deref(),
            method: self.request.verb,
            file,
            evidence: &self.identity,
            decision: if status == 304 { Decision::Unchanged } else { self.decision },
            reason: self.reason,
            detail: self.detail.as_deref(),
            status,
            bytes,
            micros: self.started.elapsed().as_micros() as u64,
        }
    }
}

/// A check-in in waiting: everything but how it ended.
pub struct Kept {
    at: i64,
    transport: Transport,
    peer: IpAddr,
    mac: Option<Mac>,
    vendor: Option<&'static str>,
    model: Option<String>,
    version: Option<String>,
    method: String,
    file: String,
    evidence: String,
    decision: Decision,
    reason: Reason,
    detail: Option<String>,
    started: Instant,
}

impl Kept {
    /// Of something that is no request.
    pub fn unread(transport: Transport, peer: IpAddr, file: &[u8], reason: Reason, now: i64) -> Kept {
        Kept {
            at: now,
            transport,
            peer,
            mac: None,
            vendor: None,
            model: None,
            version: None,
            method: String::new(),
            file: masked(file),
            evidence: String::new(),
            decision: Decision::Refused,
            reason,
            detail: None,
            started: Instant::now(),
        }
    }
}

impl<'a> Served<'a> {
    /// What the request itself says: never what the database knows, so that a head gives nothing away.
    pub fn vendor(&self) -> Option<&'static vendors::Vendor> {
        self.mark.identity.vendor
    }

    pub fn user_agent(&self) -> Option<&'a [u8]> {
        self.mark.request.user_agent
    }

    pub fn keep(&self) -> Kept {
        let file = self.mark.file();
        let seen = self.mark.checkin(0, 0, &file);
        Kept {
            at: seen.at,
            transport: seen.transport,
            peer: seen.peer,
            mac: seen.mac,
            vendor: self.mark.vendor.or(self.mark.identity.vendor.map(|vendor| vendor.name)),
            model: seen.model.map(str::to_owned),
            version: seen.version.map(str::to_owned),
            method: seen.method.to_owned(),
            file: seen.file.to_owned(),
            evidence: seen.evidence.to_string(),
            decision: seen.decision,
            reason: seen.reason,
            detail: seen.detail.map(str::to_owned),
            started: self.mark.started,
        }
    }

    /// No certificate could be made for its file, for this reason.
    pub fn not_made(&mut self, why: String) {
        self.refused(Reason::NoAuthority);
        self.mark.detail = Some(why);
    }

    /// The outcome changed while the listener answered: an upload was too large, the disk was full.
    pub fn refused(&mut self, reason: Reason) {
        self.mark.decision = Decision::Refused;
        self.mark.reason = reason;
    }
}
