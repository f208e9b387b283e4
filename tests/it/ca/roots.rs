//! Roots over the years: a box of schema 1, the roll-over, the root offline, a site's own CA.

use super::tools::{self, Box, ecdsa, rsa};
use phonebox::ca::{Ca, KeyKind, Options, State, Status, store};
use phonebox::clock;
use phonebox::datadir::DataDir;
use phonebox::db::{self, Connection};
use phonebox::seal::Keyring;
use phonebox::settings::Secret;
use std::path::Path;

/// What the version before this one had: one CA of path length 0 in table `instance`.
fn old_box(home: &Path) -> Vec<u8> {
    let conn = Connection::open(home.join("phonebox.db")).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema/0001.sql");
    conn.execute_batch(&std::fs::read_to_string(schema).unwrap()).unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
    conn.execute("INSERT INTO account (id, name, created_at) VALUES (1, 'default', 5)", []).unwrap();
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(1970, 1, 1);
    params.not_after = rcgen::date_time_ymd(2037, 12, 31);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "Phonebox CA 0a0b0c0d");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).unwrap();
    let keys = Keyring::open(&home.join("seal.key"), true).unwrap();
    let sealed = keys.seal(&phonebox::ca::sealed_place(store::CA_KEY), key.serialized_der()).unwrap();
    let insert = "INSERT INTO instance (name, value) VALUES (?1, ?2)";
    conn.execute(insert, (store::CA, certificate.pem().into_bytes())).unwrap();
    conn.execute(insert, (store::CA_KEY, sealed)).unwrap();
    certificate.der().to_vec()
}

async fn opened(home: tempfile::TempDir) -> Box {
    std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let dir = DataDir::open_existing(home.path(), None, clock::now()).unwrap();
    let ca = Ca::open(&dir.db, &dir.keys, Options::default(), clock::now()).await.unwrap();
    Box { home, dir, ca }
}

#[tokio::test]
async fn a_box_of_schema_1_keeps_its_ca_and_phones_that_hold_it_verify_everything() {
    let home = tempfile::tempdir().unwrap();
    let old = old_box(home.path());
    let made = opened(home).await;
    let current = made.ca.current().unwrap();
    assert_eq!(**current.root.der(), *old, "the root that phones hold");
    assert!(current.chain.is_empty() && current.issuing.id == current.root.id);
    let issued = made.issue("001565aabb01", &rsa()).await;
    made.judge(&issued, "sslclient");
    let left = made.dir.db.read(|conn| {
        let count = "SELECT count(*) FROM instance WHERE name LIKE 'ca_%'";
        Ok::<i64, db::Error>(conn.query_row(count, [], |row| row.get(0))?)
    });
    assert_eq!(left.unwrap(), 0);
    // It cannot be taken offline: it signs itself. The roll-over makes one that can.
    let passphrase = Secret::new("correct horse battery");
    let key = made.ca.export_root_key(&passphrase, "test", clock::now()).await.unwrap();
    let refused = made.ca.take_root_offline(&key, &passphrase, "test", clock::now()).await.unwrap_err();
    assert!(refused.to_string().contains("rollover start"), "{refused}");
    made.ca.rollover_start("test", false, clock::now()).await.unwrap();
    assert_eq!(made.ca.snapshot().roots_pem().matches("-BEGIN").count(), 2);
    made.ca.rollover_switch("test", false, clock::now()).await.unwrap();
    assert_ne!(**made.ca.current().unwrap().root.der(), *old);
    assert_eq!(made.ca.current().unwrap().chain.len(), 1);
    made.judge(&made.issue("001565aabb02", &ecdsa()).await, "sslclient");
    assert_eq!(made.ca.status(issued.serial.as_slice()), Status::Good, "what the old one signed is answered for");
    let again = Ca::open(&made.dir.db, &made.dir.keys, Options::default(), clock::now()).await.unwrap();
    assert_eq!(again.status(issued.serial.as_slice()), Status::Good);
}

#[tokio::test]
async fn a_next_root_is_given_to_phones_before_it_signs_and_devices_that_hold_it_are_known() {
    let made = tools::made().await;
    made.ca.identity(&["box.example".into()], &[], clock::now()).await.unwrap();
    let first = made.ca.current().unwrap();
    let file = || made.ca.public().get("phonebox-ca.pem").unwrap().bytes;
    assert!(made.ca.rollover_switch("test", false, clock::now()).await.is_err(), "there is no next root");
    made.ca.rollover_start("test", false, clock::now()).await.unwrap();
    assert!(made.ca.rollover_start("test", false, clock::now()).await.is_err(), "there is one already");
    assert_eq!(String::from_utf8_lossy(&file()).matches("-BEGIN").count(), 2);
    assert_eq!(made.ca.current().unwrap().root.id, first.root.id);
    let next = made.ca.snapshot().roots().into_iter().find(|root| root.state == State::Next).unwrap();
    let mac = "001565aabb01".parse().unwrap();
    let fetched = async |name: &str| {
        let roots = made.ca.public().get(name).unwrap().roots;
        made.dir.db.write(move |tx| store::note_roots(tx, mac, &roots, clock::now())).await.unwrap();
    };
    let trusting = || made.dir.db.read(|conn| store::trusting(conn, next.id)).unwrap();
    made.dir.db.write(move |tx| store::note_root_in_force(tx, mac, clock::now())).await.unwrap();
    assert_eq!(trusting().len(), 0, "it verified the root in force, that says nothing of the next one");
    for name in ["phonebox-ca.der", "phonebox-ca-chain.pem", "phonebox-ca.crl"] {
        fetched(name).await;
        assert_eq!(trusting().len(), 0, "{name} does not hold it");
    }
    fetched("phonebox-ca.pem").await;
    assert_eq!(trusting().iter().map(|(mac, _)| *mac).collect::<Vec<_>>(), [mac]);
    made.ca.rollover_cancel("test", clock::now()).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&file()).matches("-BEGIN").count(), 1);
    made.ca.rollover_start("test", false, clock::now()).await.unwrap();
    made.ca.rollover_switch("test", false, clock::now()).await.unwrap();
    assert_ne!(made.ca.current().unwrap().root.id, first.root.id);
    let text = std::fs::read_to_string(made.path().join("phonebox-ca.pem")).unwrap();
    assert_eq!(text.as_bytes(), file(), "the file in the data directory follows");
}

#[tokio::test]
async fn threat_087_the_root_leaves_the_box_only_encrypted_and_signing_goes_on_without_it() {
    let made = tools::made().await;
    let (passphrase, now) = (Secret::new("correct horse battery"), clock::now());
    assert!(made.ca.export_root_key(&Secret::new("short"), "test", now).await.is_err());
    let key = made.ca.export_root_key(&passphrase, "test", now).await.unwrap();
    assert!(!format!("{key:?}").contains("KEY"));
    made.write("key.pem", key.reveal());
    made.write("root.pem", made.ca.current().unwrap().root.pem());
    let public =
        made.run(&["openssl", "pkcs8", "-in", "key.pem", "-passin", "pass:correct horse battery", "-out", "open.pem"]);
    assert!(public.is_empty(), "{public}");
    let of_key = made.run(&["openssl", "pkey", "-in", "open.pem", "-pubout"]);
    assert_eq!(of_key, made.run(&["openssl", "x509", "-in", "root.pem", "-pubkey", "-noout"]));
    for (copy, word) in [(&key, "wrong horse battery"), (&Secret::new("-----BEGIN"), "correct horse battery")] {
        assert!(made.ca.take_root_offline(copy, &Secret::new(word), "test", now).await.is_err());
        assert!(made.ca.current().unwrap().root.issuer().is_some(), "it is still here");
    }
    made.ca.take_root_offline(&key, &passphrase, "test", now).await.unwrap();
    assert!(made.ca.current().unwrap().root.issuer().is_none());
    made.judge(&made.issue("001565aabb01", &ecdsa()).await, "sslclient");
    let again = Ca::open(&made.dir.db, &made.dir.keys, Options::default(), now).await.unwrap();
    assert!(again.current().unwrap().root.issuer().is_none());
    assert!(made.ca.export_root_key(&passphrase, "test", now).await.is_err());
    // As OpenSSL writes it, too.
    made.run(&[
        "openssl",
        "pkcs8",
        "-topk8",
        "-in",
        "open.pem",
        "-passout",
        "pass:correct horse battery",
        "-out",
        "theirs.pem",
    ]);
    let theirs = Secret::new(std::fs::read_to_string(made.path().join("theirs.pem")).unwrap());
    made.ca.take_root_online(&theirs, &passphrase, "test", now).await.unwrap();
    assert!(made.ca.current().unwrap().root.issuer().is_some());
}

const SITE: &str = "set -e
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out site.pem -days 3650 -subj '/C=DE/O=Site/CN=Site Root' -addext keyUsage=critical,keyCertSign,cRLSign
openssl req -newkey rsa:2048 -nodes -keyout open.key -out sub.csr -subj '/C=DE/O=Site/CN=Site Phones'
openssl pkcs8 -topk8 -v2 aes-256-cbc -in open.key -passout pass:secret-of-site -out sub.key
printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' > ca.ext
openssl x509 -req -in sub.csr -CA site.pem -CAkey root.key -CAcreateserial -days 1000 -extfile ca.ext -out sub.pem
cat sub.pem site.pem > both.pem; cat site.pem sub.pem > wrong.pem";

#[tokio::test]
async fn a_sites_own_ca_is_taken_over_with_its_key() {
    let made = tools::made().await;
    made.run(&["sh", "-c", SITE]);
    let read = |name: &str| std::fs::read_to_string(made.path().join(name)).unwrap();
    let (key, passphrase) = (Secret::new(read("sub.key")), Secret::new("secret-of-site"));
    let import = async |certificates: &str, passphrase: Option<&Secret>| {
        let key = Some((&key, passphrase));
        made.ca.import(&read(certificates), key, "test", clock::now()).await.map_err(|error| error.to_string())
    };
    assert!(import("both.pem", None).await.unwrap_err().contains("no passphrase"));
    assert!(import("both.pem", Some(&Secret::new("no"))).await.unwrap_err().contains("does not open"));
    assert!(import("wrong.pem", Some(&passphrase)).await.unwrap_err().contains("allows no CA below it"));
    assert!(import("sub.pem", Some(&passphrase)).await.unwrap_err().contains("root is missing"));
    assert!(import("sub.key", Some(&passphrase)).await.unwrap_err().contains("no certificate in it"));
    import("both.pem", Some(&passphrase)).await.unwrap();
    made.ca.rollover_switch("test", false, clock::now()).await.unwrap();
    let issued = made.issue("001565aabb01", &rsa()).await;
    made.judge(&issued, "sslclient");
    let text = made.run(&["openssl", "x509", "-in", "leaf.pem", "-noout", "-issuer"]);
    assert!(text.contains("CN = Site Phones"), "{text}");
    let (_, leaf) = x509_parser::parse_x509_certificate(&issued.der).unwrap();
    assert!(leaf.validity().not_after.timestamp() * 1_000 <= made.ca.current().unwrap().issuing.parsed.not_after);
    // A second CA below the same root, after the first.
    made.run(&[
        "sh",
        "-c",
        &SITE.lines().filter(|line| !line.contains("root.key -out")).collect::<Vec<_>>().join("\n"),
    ]);
    let second = Secret::new(read("sub.key"));
    made.ca.import(&read("both.pem"), Some((&second, Some(&passphrase))), "test", clock::now()).await.unwrap();
    made.ca.rollover_switch("test", false, clock::now()).await.unwrap();
    assert_eq!(made.ca.snapshot().roots().len(), 1);
    let next = made.issue("001565aabb02", &rsa()).await;
    made.judge(&next, "sslclient");
}

#[tokio::test]
async fn a_ca_is_signed_elsewhere_for_a_key_that_never_leaves_the_box() {
    for key in [KeyKind::Rsa2048, KeyKind::EcdsaP256] {
        let made = tools::with(Options { key, ..Options::default() }).await;
        made.run(&["sh", "-c", SITE]);
        made.ca.request("Another", false, "test", clock::now()).await.unwrap();
        let refused = made.ca.request("Site Phones of the box", false, "test", clock::now()).await.unwrap_err();
        assert!(refused.to_string().contains("\"Another\"") && refused.to_string().contains("--force"), "{refused}");
        let csr = made.ca.request("Site Phones of the box", true, "test", clock::now()).await.unwrap();
        made.write("box.csr", csr);
        made.run(&["openssl", "req", "-in", "box.csr", "-verify", "-noout"]);
        let sign =
            ["openssl", "x509", "-req", "-in", "box.csr", "-CA", "site.pem", "-CAkey", "root.key", "-CAcreateserial"];
        made.run(&[&sign[..], &["-days", "900", "-extfile", "ca.ext", "-out", "box.pem"]].concat());
        let read = |name: &str| std::fs::read_to_string(made.path().join(name)).unwrap();
        let foreign = read("both.pem");
        let refused = made.ca.import(&foreign, None, "test", clock::now()).await.unwrap_err().to_string();
        assert!(refused.contains("a later `ca csr` replaced the key") && refused.contains("of the box"), "{refused}");
        let chain = read("box.pem") + &read("site.pem");
        // Who thinks better of it has lost nothing.
        for again in [true, false] {
            made.ca.import(&chain, None, "test", clock::now()).await.unwrap();
            if again {
                made.ca.rollover_cancel("test", clock::now()).await.unwrap();
            }
        }
        made.ca.rollover_switch("test", false, clock::now()).await.unwrap();
        made.ca.request("Next", false, "test", clock::now()).await.expect("the key before is in force");
        made.judge(&made.issue("001565aabb01", &ecdsa()).await, "sslclient");
    }
}

#[tokio::test]
async fn threat_087_rotation_of_the_sealing_key_keeps_every_key_of_the_authority() {
    let made = tools::made().await;
    made.ca.registration(clock::now()).await.unwrap();
    let before = made.ca.current().unwrap().issuing.fingerprint();
    let actor = phonebox::users::Actor::console();
    phonebox::instance::rotation::rotate(&made.dir.db, &made.dir.keys, actor).await.unwrap();
    let again = Ca::open(&made.dir.db, &made.dir.keys, Options::default(), clock::now()).await.unwrap();
    assert_eq!(again.current().unwrap().issuing.fingerprint(), before);
    again.registration(clock::now()).await.unwrap();
}
