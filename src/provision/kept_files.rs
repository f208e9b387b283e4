//! Files that are not rendered: the box's roots, the file store, a device's certificate, what a device stored here.

use super::Path;
use super::answer::{Answer, Outcome};
use super::authorize::Grant;
use super::load::Loaded;
use super::pipeline::Pipeline;
use super::request::Request;
use super::subject::Subject;
use crate::checkins::Reason;
use crate::db::{BOX_ACCOUNT, Error};
use crate::enrollment::files::Form;
use crate::enrollment::store as certificates;
use crate::sites::archive;
use crate::vendors::{self, FileKind};
use crate::{ca, files, uploads};
use std::sync::Arc;

impl Pipeline {
    /// The box's own CA certificate, its revocation lists and the roots of targets: public, for everybody, from everywhere.
    /// With them the ids of the box's roots that the file holds.
    pub(super) fn public(&self, path: &Path) -> Option<(Outcome, Arc<[i64]>)> {
        let name = path.name.to_ascii_lowercase();
        let (bytes, content_type, roots) = match name.as_str() {
            _ if ca::public::is_name(&name) => {
                let file = self.ca.get(&name)?;
                (file.bytes, file.content_type, file.roots)
            }
            _ => {
                let id: i64 = name.strip_prefix("target-")?.strip_suffix(".pem")?.parse().ok()?;
                let shared = self.shared.get().ok()?;
                let pem = shared
                    .profiles
                    .values()
                    .flat_map(|profile| &profile.targets)
                    .find(|target| target.id == id)?
                    .root_ca
                    .clone()?;
                (pem.into(), "application/x-x509-ca-cert", [].into())
            }
        };
        let reason = if name.ends_with(".crl") { Reason::RevocationList } else { Reason::TrustCertificate };
        let answer = Answer::Bytes { bytes, content_type, modified: 0 };
        Some((Outcome::served(answer, reason), roots))
    }

    /// Of the device's account, or of the box's: firmware is stored once.
    pub(super) fn stored_file(&self, account: i64, name: &str) -> Result<Outcome, Error> {
        let file = self.db.read(|conn| match files::store::by_name(conn, account, name)? {
            None if account != BOX_ACCOUNT => files::store::by_name(conn, BOX_ACCOUNT, name),
            found => Ok(found),
        })?;
        Ok(match file {
            Some(file) => {
                let path = self.files.join(&file.sha256);
                Outcome::served(Answer::File { path, file }, Reason::StaticFile)
            }
            None => Outcome::not_found(Reason::NoFile),
        })
    }

    /// Of the settings archive of the device's site.
    pub(super) fn site_file(&self, loaded: &Loaded, grant: &Grant, upgrade: bool) -> Result<Option<Outcome>, Error> {
        let site = loaded.subject.as_ref().and_then(|subject| subject.device.site_id);
        let Some(site) = site.filter(|site| loaded.shared.has_files(*site, upgrade)) else { return Ok(None) };
        let found = self.db.read(|conn| archive::store::get(conn, &self.keys, site, &loaded.path.name))?;
        Ok(found.map(|(file, body)| match file.proof && !grant.secrets {
            true => Outcome::not_found(Reason::MoreProof),
            false => {
                let content_type = files::content_type(&file.name);
                let answer = Answer::Bytes { bytes: body.into(), content_type, modified: file.updated_at };
                Outcome::served(answer, if file.proof { Reason::SiteSecret } else { Reason::SiteFile })
            }
        }))
    }

    /// The device's own certificate and key, under the one name that is its.
    pub(super) fn certificate_file(
        &self,
        request: &Request<'_>,
        loaded: &Loaded,
        grant: &Grant,
    ) -> Result<Option<Outcome>, Error> {
        let Some(subject) = loaded.subject.as_ref().filter(|_| grant.secrets) else { return Ok(None) };
        let device = &subject.device;
        let Some(form) = Form::of_name(&loaded.path.name, device.mac) else { return Ok(None) };
        let (found, filed) = self.db.read(|conn| {
            Ok::<_, Error>((certificates::file(conn, &self.keys, device)?, certificates::filed(conn, device.mac)?))
        })?;
        let gives = loaded.profile.as_ref().is_some_and(|profile| profile.certificates);
        // Made when the phone first asks for it, and anew under the same name and password when it is stale.
        let wanted = match (&found, &filed) {
            (None, _) => gives && form == Form::Pem,
            (Some(_), Some(filed)) => filed.is_stale(request.now) && (gives || !filed.is_revoked),
            (Some(_), None) => false,
        };
        if wanted && device.keys_revoked_at.is_some() {
            return Ok(Some(Outcome::not_found(Reason::KeysRevoked)));
        }
        // Where none can be made, the one there is serves as long as it is good.
        if wanted && request.can_make {
            return Ok(Some(Outcome::refused(Answer::MakeCertificate(subject.clone()), Reason::NoFile)));
        }
        if found.is_some() && filed.is_some_and(|filed| filed.is_revoked) {
            return Ok(Some(Outcome::not_found(Reason::CertificateVoid)));
        }
        Ok(found.map(|file| {
            let bytes = match form {
                Form::Pkcs12 => &file.pkcs12,
                Form::Pem => &file.pem,
            };
            let bytes = bytes::Bytes::copy_from_slice(bytes);
            let answer = Answer::Bytes { bytes, content_type: form.content_type(), modified: file.created_at };
            Outcome::served(answer, Reason::CertificateFile)
        }))
    }

    pub(super) fn uploaded(&self, loaded: &Loaded, grant: &Grant) -> Result<Outcome, Error> {
        let Some(subject) = loaded.subject.as_ref().filter(|_| grant.secrets) else {
            return Ok(Outcome::not_found(Reason::NoFile));
        };
        let found = self.db.read(|conn| uploads::store::get(conn, &self.keys, &subject.device, &loaded.path.name))?;
        Ok(found.map_or_else(
            || Outcome::not_found(Reason::NoFile),
            |(bytes, modified)| {
                let answer = Answer::Bytes { bytes: bytes.into(), content_type: "application/octet-stream", modified };
                Outcome::served(answer, Reason::OwnUpload)
            },
        ))
    }

    /// Stores a body that [`Answer::Upload`] allowed. `Ok(None)`: it would take more room than the device may use.
    pub async fn store_upload(
        &self,
        device: &Subject,
        name: &str,
        body: Vec<u8>,
        now: i64,
    ) -> Result<Option<bool>, Error> {
        let (keys, quota, name, device) =
            (self.keys.clone(), self.limits.uploads, name.to_owned(), device.device.clone());
        self.db.write(move |tx| uploads::store::put(tx, &keys, &device, &name, &body, quota, now)).await
    }
}

/// Names a phone may store: never one that this box writes itself.
pub(super) fn is_upload_name(loaded: &Loaded) -> bool {
    let name = &loaded.path.name;
    let ours = loaded.vendor.and_then(|vendor| vendors::classify(vendor, name));
    ours.is_none_or(|(kind, _)| kind == FileKind::Upload)
        && name.len() <= 128
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
