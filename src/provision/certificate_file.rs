//! A certificate whose key is made here, for a phone that fetches both as a file.

use super::enroll::Enrollment;
use crate::ca::background;
use crate::ca::pkcs12::{self, Contents, Strength};
use crate::ca::{CaError, CertProfileId, Door, Holder, Order, Refused};
use crate::db::Error;
use crate::devices::{self, Device, Token};
use crate::enrollment::files::{File, Form};
use crate::enrollment::store;
use crate::settings::Secret;
use rcgen::{KeyPair, PublicKeyData, RsaKeySize};
use zeroize::Zeroizing;

/// What is put into a file.
#[derive(Default)]
pub struct Filing {
    /// Absent: the one every box has.
    pub profile: Option<CertProfileId>,
    /// Absent: a new one.
    pub password: Option<Secret>,
}

impl Enrollment {
    /// The same again for a file that is stale, or the first one. The phone's settings hold the password.
    pub async fn renew_file(&self, device: &Device, by: &str, now: i64) -> Result<(), Refused> {
        let filing = self.pipeline.db.read(|conn| {
            let profile = store::filed(conn, device.mac)?.and_then(|filed| filed.profile_id);
            let password = store::file_password(conn, &self.pipeline.keys, device.id)?;
            Ok::<_, Error>(Filing { profile, password })
        })?;
        self.make_file(device, filing, by, now).await.map(drop)
    }

    /// Makes the device a key, has it signed and puts both where the device fetches them. Answers the serial number and
    /// the names of the files.
    pub async fn make_file(
        &self,
        device: &Device,
        filing: Filing,
        by: &str,
        now: i64,
    ) -> Result<(String, Vec<String>), Refused> {
        let db = &self.pipeline.db;
        let profile = match filing.profile {
            Some(profile) => profile,
            None => self.profile_of(device)?.ok_or(Refused::NoKey)?,
        };
        let key = background::run(|| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048));
        let key = key.await.ok_or_else(|| CaError::from(Error::Stopped))?.map_err(CaError::from)?;
        let pkcs8 = Zeroizing::new(key.serialize_der());
        let label = device.name.clone().unwrap_or_else(|| device.mac.to_string());
        let holder = Holder {
            mac: Some(device.mac),
            serial: device.serial.clone(),
            model: device.model.as_deref().map(str::to_owned),
            label,
        };
        let (spki_der, by) = (key.subject_public_key_info(), by.to_owned());
        let issued = self.ca.issue(Order { profile, holder, spki_der, door: Door::File, by, once: None }, now).await?;
        let name = device.mac.to_string();
        let contents = Contents { pkcs8: &pkcs8, certificate: &issued.der, chain: &issued.chain, name: &name };
        let password = match filing.password {
            Some(password) => password,
            None => Secret::new(Token::generate().map_err(CaError::from)?.reveal().to_owned()),
        };
        let file = File {
            pkcs12: pkcs12::write(&contents, password.reveal(), Strength::Legacy).map_err(CaError::from)?,
            pem: Zeroizing::new(pkcs12::pem(&contents).as_bytes().to_vec()),
            password,
            created_at: now,
        };
        let (keys, owner) = (self.pipeline.keys.clone(), device.clone());
        db.write(move |tx| {
            store::put_file(tx, &keys, &owner, &file)?;
            // Its settings hold the password.
            devices::store::changed(tx, owner.mac, now)
        })
        .await?;
        let names = [Form::Pkcs12, Form::Pem].map(|form| form.name(device.mac));
        Ok((issued.serial.to_string(), names.into()))
    }
}
