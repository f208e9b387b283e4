//! What anybody may fetch from the phone listeners, ready as bytes: the roots and the revocation lists.

use super::Ca;
use arc_swap::ArcSwap;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

const CERTIFICATE: &str = "application/x-x509-ca-cert";
const LIST: &str = "application/pkix-crl";

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
        add(&["phonebox-ca.pem", "phonebox-ca.crt"], snapshot.roots_pem().into(), CERTIFICATE, &roots);
        if let Some(root) = snapshot.roots().first() {
            add(&["phonebox-ca.der", "phonebox-ca.cer"], root.der().to_vec().into(), CERTIFICATE, &[root.id]);
        }
        if let Some(current) = self.current() {
            let above = current.chain.iter().map(|der| super::pem::certificate(der)).collect::<String>();
            add(&["phonebox-ca-chain.pem"], (above + &current.root.pem()).into(), CERTIFICATE, &[current.root.id]);
        }
        let issuing = snapshot.issuing().map(|issuing| issuing.id);
        for (authority, list) in self.0.lists.load().iter() {
            add(&[&format!("phonebox-ca-{authority}.crl")], list.clone(), LIST, &[]);
            if issuing == Some(*authority) {
                add(&["phonebox-ca.crl"], list.clone(), LIST, &[]);
            }
        }
        self.0.public.0.store(Arc::new(files));
    }
}
