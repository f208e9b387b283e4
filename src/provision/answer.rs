//! What a request may come to.

use super::documents::Rendered;
use super::enroll;
use super::subject::Subject;
use crate::checkins::{Decision, Reason};
use crate::files::StoredFile;
use crate::net::Mac;
use std::path::PathBuf;
use std::sync::Arc;

pub enum Answer {
    Document(Rendered),
    /// Bytes of the file store.
    File {
        path: PathBuf,
        file: StoredFile,
    },
    /// Small bytes that are no rendered file: certificates, uploads sent back.
    Bytes {
        bytes: bytes::Bytes,
        content_type: &'static str,
        modified: i64,
    },
    Redirect(String),
    /// Of an enrolment protocol.
    Enrollment(enroll::Reply),
    /// The body may be read now, up to this many bytes, and given to [`super::Pipeline::store_upload`].
    Upload {
        device: Arc<Subject>,
        name: String,
        limit: u64,
    },
    /// Its profile gives it a certificate and none was made yet: whoever can makes it, and asks again.
    MakeCertificate(Arc<Subject>),
    NotFound,
    /// `WWW-Authenticate` values.
    Challenge(Vec<String>),
    MethodNotAllowed,
    BadRequest,
    Unavailable,
}

/// To be told when the last byte of the answer has left.
#[derive(Debug, Clone)]
pub struct Delivered {
    pub mac: Mac,
    pub what: Delivery,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Its own configuration.
    Whole,
    /// To another server: the window closes soon, this box has nothing more to hand out.
    Redirection,
    /// Roots that it shall trust, by their ids.
    Roots(Arc<[i64]>),
}

/// What step 3 to 5 came to.
pub(super) struct Outcome {
    pub answer: Answer,
    pub decision: Decision,
    pub reason: Reason,
    pub detail: Option<String>,
    pub delivered: Option<Delivered>,
}

impl Outcome {
    pub fn served(answer: Answer, reason: Reason) -> Outcome {
        Outcome { answer, decision: Decision::Served, reason, detail: None, delivered: None }
    }

    pub fn refused(answer: Answer, reason: Reason) -> Outcome {
        Outcome { answer, decision: Decision::Refused, reason, detail: None, delivered: None }
    }

    pub fn not_found(reason: Reason) -> Outcome {
        Outcome::refused(Answer::NotFound, reason)
    }
}
