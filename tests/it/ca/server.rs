//! The box's certificates, as a TLS client and as OpenSSL see them.

use phonebox::ca::{self, Ca, Identity, Options, tls};
use phonebox::clock;
use phonebox::datadir::DataDir;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use std::net::IpAddr;
use std::process::Command;
use std::sync::Arc;

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn names(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

async fn identity(dir: &DataDir, name: &[&str], address: &[&str]) -> Identity {
    let ca = Ca::open(&dir.db, &dir.keys, Options::default(), clock::now()).await.unwrap();
    ca.identity(&names(name), &addresses(address), clock::now()).await.unwrap()
}

fn client(identity: &Identity, limit: impl Fn(&mut rustls::crypto::CryptoProvider)) -> ClientConfig {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    limit(&mut provider);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(identity.ca_der())).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions();
    builder.unwrap().with_root_certificates(roots).with_no_client_auth()
}

/// A whole handshake in memory; the server certificate that the client verified, and the suite.
fn handshake(server: Arc<ServerConfig>, client: ClientConfig, name: &str) -> Result<(Vec<u8>, CipherSuite), String> {
    chain_of(server, client, name).map(|(mut chain, suite)| (chain.remove(0), suite))
}

/// The same; all that the server sent.
fn chain_of(
    server: Arc<ServerConfig>,
    client: ClientConfig,
    name: &str,
) -> Result<(Vec<Vec<u8>>, CipherSuite), String> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    for _ in 0..10 {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().map_err(|error| error.to_string())?;
        let mut wire = Vec::new();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets().map_err(|error| error.to_string())?;
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    let suite = client.negotiated_cipher_suite().unwrap().suite();
    Ok((client.peer_certificates().unwrap().iter().map(|sent| sent.to_vec()).collect(), suite))
}

fn is_rsa(der: &[u8]) -> bool {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).unwrap();
    matches!(certificate.public_key().parsed(), Ok(x509_parser::public_key::PublicKey::RSA(_)))
}

#[tokio::test]
async fn the_client_decides_between_rsa_and_ecdsa() {
    let home = tempfile::tempdir().unwrap();
    let dir = DataDir::open(home.path(), None, 1).unwrap();
    let identity = identity(&dir, &["box.example"], &["192.0.2.1", "2001:db8::1"]).await;
    let (phones, people) =
        (identity.for_phones().unwrap(), identity.for_people(std::sync::Arc::new(|| false)).unwrap());
    for server in [&phones, &people] {
        for name in ["box.example", "BOX.example", "192.0.2.1", "2001:db8::1"] {
            let (leaf, suite) = handshake(server.clone(), client(&identity, |_| {}), name).unwrap();
            assert!(!is_rsa(&leaf));
            assert_eq!(suite, CipherSuite::TLS13_AES_256_GCM_SHA384);
        }
        let rsa_only = |provider: &mut rustls::crypto::CryptoProvider| {
            provider.cipher_suites.retain(|suite| suite.suite() == CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
        };
        let (leaf, _) = handshake(server.clone(), client(&identity, rsa_only), "192.0.2.1").unwrap();
        assert!(is_rsa(&leaf));
        let ecdsa_12 = |provider: &mut rustls::crypto::CryptoProvider| {
            provider.cipher_suites.retain(|suite| suite.suite() == CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
        };
        let (leaf, _) = handshake(server.clone(), client(&identity, ecdsa_12), "192.0.2.1").unwrap();
        assert!(!is_rsa(&leaf));
        // A client that could end up in TLS 1.2 with an RSA suite gets RSA, which works in both.
        let mixed = |provider: &mut rustls::crypto::CryptoProvider| {
            use rustls::CipherSuite as S;
            let kept = [S::TLS13_AES_128_GCM_SHA256, S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256];
            provider.cipher_suites.retain(|suite| kept.contains(&suite.suite()))
        };
        let (leaf, suite) = handshake(server.clone(), client(&identity, mixed), "192.0.2.1").unwrap();
        assert!(is_rsa(&leaf) && suite == CipherSuite::TLS13_AES_128_GCM_SHA256);
    }
    assert!(handshake(people, client(&identity, |_| {}), "other.example").is_err());
}

#[tokio::test]
async fn a_client_certificate_of_anybody_is_seen_and_not_judged() {
    let home = tempfile::tempdir().unwrap();
    let dir = DataDir::open(home.path(), None, 1).unwrap();
    let identity = identity(&dir, &["box.example"], &[]).await;
    let phone = rcgen::generate_simple_self_signed(["00156574B150".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(phone.signing_key.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(identity.ca_der())).unwrap();
    let config = ClientConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let config = config.with_client_auth_cert(vec![phone.cert.der().clone()], key.into()).unwrap();
    handshake(identity.for_phones().unwrap(), config, "box.example").unwrap();
}

#[tokio::test]
async fn a_restart_keeps_everything_and_a_new_address_only_signs_anew() {
    let home = tempfile::tempdir().unwrap();
    let dir = DataDir::open(home.path(), None, 1).unwrap();
    let first = identity(&dir, &["box"], &["192.0.2.1"]).await;
    let leaf = |identity: &Identity, name: &str| {
        handshake(identity.for_people(std::sync::Arc::new(|| false)).unwrap(), client(identity, |_| {}), name)
            .map(|(leaf, _)| leaf)
    };
    let before = leaf(&first, "192.0.2.1").unwrap();
    dir.close();
    let dir = DataDir::open(home.path(), None, 2).unwrap();
    let again = identity(&dir, &["box"], &["192.0.2.1"]).await;
    assert_eq!(again.ca_pem(), first.ca_pem());
    assert_eq!(leaf(&again, "192.0.2.1").unwrap(), before);
    assert!(leaf(&again, "192.0.2.7").is_err());
    let moved = identity(&dir, &["box"], &["192.0.2.7"]).await;
    assert_eq!(moved.fingerprint(), first.fingerprint());
    let after = leaf(&moved, "192.0.2.7").unwrap();
    let key = |der: &[u8]| x509_parser::parse_x509_certificate(der).unwrap().1.public_key().raw.to_vec();
    assert!(after != before && key(&after) == key(&before));
    // A start tells nothing of what is gone for good; a look at all there is does.
    let both = identity(&dir, &["box"], &["192.0.2.7", "192.0.2.9"]).await;
    let kept = leaf(&both, "192.0.2.9").unwrap();
    let started = identity(&dir, &["box"], &["192.0.2.7"]).await;
    assert_eq!(leaf(&started, "192.0.2.9").unwrap(), kept);
    let ca = Ca::open(&dir.db, &dir.keys, Options::default(), clock::now()).await.unwrap();
    let now = clock::now();
    ca.renew_server(&names(&["box"]), &addresses(&["192.0.2.7"]), true, now).await.unwrap();
    assert!(!ca.renew_server(&names(&["box"]), &addresses(&["192.0.2.7"]), true, now).await.unwrap(), "once");
    let last = identity(&dir, &["box"], &["192.0.2.7"]).await;
    assert!(leaf(&last, "192.0.2.9").is_err());
    assert_eq!(key(&leaf(&last, "192.0.2.7").unwrap()), key(&before));
}

#[tokio::test]
async fn threat_087_keys_are_sealed_and_openssl_accepts_the_chain() {
    let home = tempfile::tempdir().unwrap();
    let dir = DataDir::open(home.path(), None, 1).unwrap();
    let identity = identity(&dir, &["box.example"], &["192.0.2.1", "fd00::1"]).await;
    let roots = home.path().join(ca::FILE);
    std::fs::write(roots, identity.ca_pem()).unwrap();
    let (chain, _) =
        chain_of(identity.for_people(std::sync::Arc::new(|| false)).unwrap(), client(&identity, |_| {}), "box.example")
            .unwrap();
    let pem: Vec<String> = chain.iter().map(|der| ca::pem::certificate(der)).collect();
    std::fs::write(home.path().join("leaf.pem"), &pem[0]).unwrap();
    std::fs::write(home.path().join("above.pem"), pem[1..].concat()).unwrap();
    dir.close();
    // The unencrypted form of an RSA or EC key holds its algorithm's object identifier.
    let database = std::fs::read(home.path().join("phonebox.db")).unwrap();
    let pkcs8: [&[u8]; 2] = [
        &[0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01],
        &[0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
    ];
    for head in pkcs8 {
        assert!(!database.windows(head.len()).any(|window| window == head), "a key lies open in the database");
    }
    let openssl = |args: &[&str]| {
        let run = Command::new("openssl").args(args).current_dir(home.path()).output().unwrap();
        let text = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{args:?}: {text}");
        text
    };
    for check in [["-verify_hostname", "box.example"], ["-verify_ip", "192.0.2.1"], ["-verify_ip", "fd00::1"]] {
        let chain = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "phonebox-ca.pem"];
        let chain = [&chain[..], &["-untrusted", "above.pem"]].concat();
        openssl(&[&chain[..], &check[..], &["leaf.pem"]].concat());
    }
    // A phone whose clock stands at its birth verifies it too.
    let at_birth = ["verify", "-attime", "86400", "-CAfile", "phonebox-ca.pem", "-untrusted", "above.pem", "leaf.pem"];
    openssl(&at_birth);
    let print = openssl(&["x509", "-in", "phonebox-ca.pem", "-noout", "-fingerprint", "-sha256"]);
    assert!(print.contains(&identity.fingerprint()), "{print}");
    assert_eq!(ca::from_pem(&identity.ca_pem()).as_deref(), Some(identity.ca_der().as_slice()));
}

#[tokio::test]
async fn fault_020_a_damaged_key_is_an_error_and_no_panic() {
    let home = tempfile::tempdir().unwrap();
    let dir = DataDir::open(home.path(), None, 1).unwrap();
    identity(&dir, &["box"], &[]).await;
    let dir = &dir;
    let broken = |sql: &'static str| async move {
        dir.db.write(move |tx| Ok::<_, phonebox::db::Error>(tx.execute_batch(sql)?)).await.unwrap();
        let ca = Ca::open(&dir.db, &dir.keys, Options::default(), clock::now()).await;
        let Ok(ca) = ca else { return ca.err().unwrap().to_string() };
        ca.identity(&names(&["box"]), &[], clock::now()).await.err().unwrap().to_string()
    };
    let error = broken("UPDATE instance SET value = x'01' WHERE name = 'server_rsa_key_sealed'").await;
    assert!(error.contains("does not open"), "{error}");
    let error = broken("UPDATE authority SET key_sealed = x'01'").await;
    assert!(error.contains("does not open"), "{error}");
    let error =
        broken("UPDATE authority SET key_sealed = NULL; UPDATE authority SET certificate = x'30' WHERE issues = 1")
            .await;
    assert!(error.contains("stored CA cannot be used"), "{error}");
}
