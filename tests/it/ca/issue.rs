//! Issuing: what is signed, what is refused, and that nothing is answered before it is stored.

use super::tools::{self, ecdsa, rsa};
use phonebox::ca::certificates::store;
use phonebox::ca::{KeyKind, Options, Permitted, Reason, Refused, Revoke, Status};
use phonebox::clock;

#[tokio::test]
async fn openssl_and_gnutls_accept_every_chain() {
    let permitted = vec![Permitted::Dns("phones.example".into()), Permitted::Network("10.0.0.0/9".parse().unwrap())];
    for key in [KeyKind::Rsa2048, KeyKind::EcdsaP256] {
        for permitted in [Vec::new(), permitted.clone()] {
            let address = Some("http://box.phones.example".to_owned());
            let limited = !permitted.is_empty();
            let made = tools::with(Options { key, permitted, address }).await;
            made.write("issuing.pem", made.ca.current().unwrap().issuing.pem());
            let text = made.run(&["openssl", "x509", "-in", "issuing.pem", "-noout", "-text"]);
            assert!(text.contains("CA:TRUE, pathlen:0"), "{text}");
            assert_eq!(
                text.contains("Name Constraints: \n") && text.contains("IP:10.0.0.0/255.128.0.0"),
                limited,
                "{text}"
            );
            for key in [ecdsa(), rsa()] {
                let issued = made.issue("001565aabb01", &key).await;
                made.judge(&issued, "sslclient");
                let text = made.run(&["openssl", "x509", "-in", "leaf.pem", "-noout", "-text"]);
                assert!(text.contains("Subject: CN = 001565aabb01"), "{text}");
                assert!(text.contains("TLS Web Client Authentication") && text.contains("CA:FALSE"), "{text}");
                assert!(text.contains("http://box.phones.example/ocsp"), "{text}");
                assert!(!text.contains("TLS Web Server") && !text.contains("Certificate Sign"), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn threat_086_serials_are_unique_under_parallel_issues_and_recorded_before_they_are_answered() {
    let made = tools::with(Options { key: KeyKind::EcdsaP256, ..Options::default() }).await;
    const COUNT: usize = 10_000;
    let tasks: Vec<_> = (0..COUNT)
        .map(|number| {
            let order = made.order(&format!("0015650{number:05x}"), &ecdsa());
            let (ca, db) = (made.ca.clone(), made.dir.db.clone());
            tokio::spawn(async move {
                let issued = ca.issue(order, clock::now()).await.unwrap();
                let stored = db.read(|conn| store::der(conn, issued.serial.as_slice())).unwrap();
                assert_eq!(stored.expect("answered before it was stored").1, issued.der);
                issued.serial
            })
        })
        .collect();
    let mut serials = std::collections::HashSet::new();
    for task in tasks {
        serials.insert(task.await.unwrap());
    }
    assert_eq!(serials.len(), COUNT);
}

#[tokio::test]
async fn threat_081_what_counts_once_gets_the_same_certificate_again() {
    let made = tools::made().await;
    let once = Some([7u8; 32]);
    let mut order = made.order("001565aabb01", &ecdsa());
    order.once = once;
    let mut again = made.order("001565aabb01", &ecdsa());
    again.once = once;
    let (ca, now) = (made.ca.clone(), clock::now());
    let (first, second) = tokio::join!(ca.issue(order, now), ca.issue(again, now));
    assert_eq!(first.unwrap(), second.unwrap());
}

#[tokio::test]
async fn threat_083_weak_and_foreign_keys_are_refused() {
    let made = tools::made().await;
    let refused = async |order| made.ca.issue(order, clock::now()).await.unwrap_err().word();
    let kinds = [
        ("rsa-short", &["genrsa", "-out", "key.pem", "512"][..]),
        ("rsa-short", &["genrsa", "-out", "key.pem", "1024"]),
        ("rsa-exponent", &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_pubexp:3", "-out", "key.pem"]),
        ("key-kind", &["ecparam", "-name", "prime192v1", "-genkey", "-noout", "-out", "key.pem"]),
        ("key-kind", &["genpkey", "-algorithm", "ED25519", "-out", "key.pem"]),
    ];
    for (word, words) in kinds {
        made.run(&[&["openssl"], words].concat());
        made.run(&["openssl", "pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "key.der"]);
        let key = std::fs::read(made.path().join("key.der")).unwrap();
        assert_eq!(refused(made.order("001565aabb01", &key)).await, word, "{words:?}");
    }
    let issuing = made.ca.current().unwrap().issuing.parsed.spki.clone();
    assert_eq!(refused(made.order("001565aabb01", &issuing)).await, "key-of-authority");
    let key = ecdsa();
    made.issue("001565aabb01", &key).await;
    made.issue("001565aabb01", &key).await;
    assert_eq!(refused(made.order("001565aabb02", &key)).await, "key-of-another");
    for cut in 0..key.len() {
        assert_eq!(refused(made.order("001565aabb03", &key[..cut])).await, "key-unreadable");
    }
}

#[tokio::test]
async fn threat_085_no_certificate_without_a_sane_clock_and_none_outlives_its_authority() {
    let made = tools::made().await;
    let key = ecdsa();
    const DAY: i64 = 86_400_000;
    let now = clock::now();
    let order = || made.order("001565aabb01", &key);
    made.ca.issue(order(), now).await.unwrap();
    assert!(matches!(made.ca.issue(order(), now - DAY).await, Err(Refused::ClockBack)));
    assert!(matches!(made.ca.issue(order(), -DAY).await, Err(Refused::ClockEarly)));
    let alarms = made
        .dir
        .db
        .read(|conn| phonebox::alarms::store::list(conn, 1, None, &Default::default(), i64::MAX, 9))
        .unwrap();
    assert_eq!(alarms.iter().filter(|alarm| alarm.kind == "no-certificates").count(), 2, "{alarms:?}");
    let end = made.ca.current().unwrap().issuing.parsed.not_after;
    made.ca.issue(order(), end - DAY).await.unwrap();
    let last = made.ca.issue(order(), end - DAY).await.unwrap();
    let (_, leaf) = x509_parser::parse_x509_certificate(&last.der).unwrap();
    assert_eq!(leaf.validity().not_after.timestamp() * 1_000, end);
    assert!(matches!(made.ca.issue(order(), end).await, Err(Refused::AuthorityOver)));
    // The clock ran ahead: an administrator takes the present time for right.
    assert!(matches!(made.ca.issue(order(), now).await, Err(Refused::ClockBack)));
    made.ca.trust_clock("test", now).await.unwrap();
    made.ca.issue(order(), now).await.unwrap();
}

/// PGS-010, T11: in force when the commit is, and final.
#[tokio::test]
async fn threat_011_a_revocation_is_known_at_once_and_stays() {
    let made = tools::made().await;
    let now = clock::now();
    let first = made.issue("001565aabb01", &ecdsa()).await;
    let second = made.issue("001565aabb01", &ecdsa()).await;
    let other = made.issue("001565aabb02", &ecdsa()).await;
    assert_eq!(made.ca.status(first.serial.as_slice()), Status::Good);
    assert_eq!(made.ca.status(&[1; 17]), Status::Unknown);
    let epoch = made.ca.snapshot().epoch;
    made.ca.revoke(Revoke::Certificate(first.serial), Reason::KeyCompromise, "test", now).await.unwrap();
    let revoked = Status::Revoked { at: now, reason: Reason::KeyCompromise };
    assert_eq!(made.ca.status(first.serial.as_slice()), revoked);
    assert!(made.ca.snapshot().epoch > epoch);
    let mac = Revoke::All("001565aabb01".parse().unwrap());
    assert_eq!(made.ca.revoke(mac, Reason::Superseded, "test", now + 5).await.unwrap(), [second.serial]);
    assert_eq!(made.ca.status(first.serial.as_slice()), revoked, "what is revoked stays as it is");
    assert_eq!(made.ca.status(other.serial.as_slice()), Status::Good);
    let again = phonebox::ca::Ca::open(&made.dir.db, &made.dir.keys, Options::default(), now).await.unwrap();
    assert_eq!(again.status(first.serial.as_slice()), revoked);
    assert_eq!(again.status(other.serial.as_slice()), Status::Good);
}

/// What SCEP decrypts with is RSA whatever the CA is, has a certificate of its own, and signs no certificate.
#[tokio::test]
async fn scep_works_with_a_key_that_is_not_the_cas() {
    for key in [KeyKind::Rsa2048, KeyKind::EcdsaP256] {
        let made = tools::with(Options { key, ..Options::default() }).await;
        let scep = made.ca.registration(clock::now()).await.unwrap();
        assert_eq!(scep.der, made.ca.registration(clock::now()).await.unwrap().der);
        assert_eq!(scep.chain.last().unwrap(), &made.ca.current().unwrap().root.der().to_vec());
        made.write("roots.pem", made.ca.snapshot().roots_pem());
        made.write("leaf.pem", phonebox::ca::pem::certificate(&scep.der));
        made.write("above.pem", phonebox::ca::pem::certificate(&scep.chain[0]));
        made.run(&["openssl", "verify", "-x509_strict", "-CAfile", "roots.pem", "-untrusted", "above.pem", "leaf.pem"]);
        let text = made.run(&["openssl", "x509", "-in", "leaf.pem", "-noout", "-text"]);
        assert!(text.contains("Digital Signature, Key Encipherment") && text.contains("CA:FALSE"), "{text}");
        made.write("word", "a content key");
        made.run(&["openssl", "pkeyutl", "-encrypt", "-certin", "-inkey", "leaf.pem", "-in", "word", "-out", "sent"]);
        let sent = std::fs::read(made.path().join("sent")).unwrap();
        let mut opened = vec![0u8; scep.decrypt.min_output_size()];
        assert_eq!(scep.decrypt.decrypt(&sent, &mut opened).unwrap(), b"a content key");
    }
}
