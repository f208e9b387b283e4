//! What anybody may fetch from the phone listeners, ready as bytes: the roots and the revocation lists.

use super::{Ca, crl};
use arc_swap::ArcSwap;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

const CERTIFICATE: &str = "application/x-x509-ca-cert";
const LIST: &str = "application/pkix-crl";

/// The lists of the authorities in force, whatever their numbers.
const ISSUING: &str = "phonebox-ca.crl";
const ROOT: &str = "phonebox-ca-root.crl";

/// AVA-103: the root under `…/downloads/`, by the name that provisioning servers are set up with.
const DOWNLOAD: &str = "deviceenrollmentservicerootca.pem";

/// Whether the CA answers for this name, whatever is stored elsewhere.
pub fn is_name(name: &str) -> bool {
    name.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("phonebox-ca")) || name.eq_ignore_ascii_case(DOWNLOAD)
}

/// By name, in lower case. A clone shows the same files; they change when the authority does.
#[derive(Clone, Default)]
pub struct Public(Arc<ArcSwap<BTreeMap<String, PublicFile>>>);

#[derive(Clone, Debug)]
pub struct PublicFile {
    pub bytes: Bytes,
    pub content_type: &'static str,
    /// Ids of the roots that it holds: whoever has the file has those.
    pub roots: Arc<[i64]>,
}

impl Public {
    pub fn get(&self, name: &str) -> Option<PublicFile> {
        self.0.load().get(name).cloned()
    }
}

impl Ca {
    pub fn public(&self) -> Public {
        self.0.public.clone()
    }

    pub(super) fn publish_files(&self) {
        let snapshot = self.snapshot();
        let mut files = BTreeMap::new();
        let mut add = |names: &[&str], bytes: Bytes, content_type, roots: &[i64]| {
            for name in names {
                files
                    .insert((*name).to_owned(), PublicFile { bytes: bytes.clone(), content_type, roots: roots.into() });
            }
        };
        let roots: Vec<i64> = snapshot.roots().iter().map(|root| root.id).collect();
        add(&["phonebox-ca.pem", "phonebox-ca.crt", DOWNLOAD], snapshot.roots_pem().into(), CERTIFICATE, &roots);
        if let Some(root) = snapshot.roots().first() {
            add(&["phonebox-ca.der", "phonebox-ca.cer"], root.der().to_vec().into(), CERTIFICATE, &[root.id]);
        }
        if let Some(current) = self.current() {
            let above = current.chain.iter().map(|der| super::pem::certificate(der)).collect::<String>();
            add(&["phonebox-ca-chain.pem"], (above + &current.root.pem()).into(), CERTIFICATE, &[current.root.id]);
        }
        let current = self.current().map(|current| (current.issuing.id, current.root.id));
        for (authority, list) in self.0.lists.load().iter() {
            add(&[&crl::name(*authority)], list.clone(), LIST, &[]);
            for (name, of) in current.iter().flat_map(|(issuing, root)| [(ISSUING, issuing), (ROOT, root)]) {
                if of == authority {
                    add(&[name], list.clone(), LIST, &[]);
                }
            }
        }
        self.0.public.0.store(Arc::new(files));
    }
}
