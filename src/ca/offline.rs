//! Taking the root's key out of the box, and putting it back. Signing goes on without it, and its last revocation list
//! stays.

use super::authority::{Authority, issuer};
use super::{Ca, CaError, crl, pkcs8, store};
use crate::audit;
use crate::db::{BOX_ACCOUNT, Tx};
use crate::settings::Secret;
use std::sync::Arc;

const SHORTEST: usize = 12;

impl Ca {
    /// The root's key, encrypted: the one thing that carries a private key out of the box.
    pub async fn export_root_key(&self, passphrase: &Secret, by: &str, now: i64) -> Result<Secret, CaError> {
        if passphrase.reveal().chars().count() < SHORTEST {
            let message = format!("The passphrase is too short: {SHORTEST} characters are the least.");
            return Err(CaError::rule(message, "Choose a longer one."));
        }
        let root = self.root()?;
        let key = root.issuer().ok_or_else(not_here)?.key().serialized_der().to_vec();
        let pem = pkcs8::seal_pem(&zeroize::Zeroizing::new(key), passphrase)?;
        self.audited("ca.root-export", &root, by, now, |_| Ok(())).await?;
        Ok(pem)
    }

    /// Removes the root's key, once the caller has shown that his copy opens and is the right one.
    pub async fn take_root_offline(
        &self,
        copy: &Secret,
        passphrase: &Secret,
        by: &str,
        now: i64,
    ) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        let root = self.root()?;
        root.issuer().ok_or_else(not_here)?;
        if root.issues {
            return Err(CaError::rule(
                "The root of this box signs for devices itself, so its key is needed.",
                "Make a root that can be taken offline: phonebox ca rollover start",
            ));
        }
        opened(&root, copy, passphrase)?;
        let (signing, revoked) = (root.clone(), self.snapshot().revoked.clone());
        let leave = move |tx: &Tx| {
            crl::keep(tx, &signing, &revoked, now)?;
            Ok(store::set_key(tx, signing.id, None)?)
        };
        self.audited("ca.root-offline", &root, by, now, leave).await?;
        self.reload(now).await
    }

    /// Puts the root's key back.
    pub async fn take_root_online(
        &self,
        copy: &Secret,
        passphrase: &Secret,
        by: &str,
        now: i64,
    ) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        let root = self.root()?;
        let key =
            opened(&root, copy, passphrase).map_err(|error| self.of_another(copy, passphrase).unwrap_or(error))?;
        let id = root.id;
        let sealed = self.0.keys.seal(&store::authority_key_place(id), &key)?;
        let come = move |tx: &Tx| {
            store::set_key(tx, id, Some(&sealed))?;
            Ok(store::forget_list(tx, id)?)
        };
        self.audited("ca.root-online", &root, by, now, come).await?;
        self.reload(now).await
    }

    /// What is to be said of a key of another root of this box.
    fn of_another(&self, copy: &Secret, passphrase: &Secret) -> Option<CaError> {
        let snapshot = self.snapshot();
        let mut roots = snapshot.authorities.iter().filter(|known| known.parent.is_none());
        let root = roots.find(|root| opened(root, copy, passphrase).is_ok())?;
        Some(CaError::rule(
            format!(
                "It is the key of another root, {} ({}), which is {}. The key of the root in force is wanted.",
                root.parsed.subject_text,
                root.fingerprint(),
                root.state.word()
            ),
            "See the roots: phonebox ca show. An old root's key serves no more: it can only vouch for the next root \
             while that is made. Phones that trust only the old one must fetch the present one.",
        ))
    }

    fn root(&self) -> Result<Arc<Authority>, CaError> {
        self.snapshot().roots().into_iter().next().ok_or(CaError::damaged("CA"))
    }

    async fn audited(
        &self,
        action: &'static str,
        root: &Authority,
        by: &str,
        now: i64,
        change: impl FnOnce(&Tx) -> Result<(), CaError> + Send + 'static,
    ) -> Result<(), CaError> {
        let (object, by) = (root.fingerprint(), by.to_owned());
        let write = self.0.db.write(move |tx| {
            change(tx)?;
            audit::store::note(tx, BOX_ACCOUNT, &by, action, object, None, now).map_err(CaError::from)
        });
        write.await
    }
}

fn not_here() -> CaError {
    CaError::rule("The root's key is not in this box.", "Put it back: phonebox ca root online --file FILE")
}

fn opened(root: &Authority, copy: &Secret, passphrase: &Secret) -> Result<zeroize::Zeroizing<Vec<u8>>, CaError> {
    let wrong = |reason: String| CaError::rule(reason, "Give the file that phonebox ca root export wrote.");
    let key = pkcs8::open_pem(copy, Some(passphrase)).map_err(wrong)?;
    issuer(root.der(), &root.parsed, &key).map_err(|reason| wrong(format!("It is not the root's key: {reason}.")))?;
    Ok(key)
}
