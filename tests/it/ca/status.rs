//! Revocation lists and OCSP, as OpenSSL reads them.

use super::tools::{self, Box, ecdsa};
use phonebox::ca::{Issued, KeyKind, Options, Reason, Revoke, pem};
use phonebox::clock;

fn fetch(made: &Box, name: &str) -> Vec<u8> {
    made.ca.public().get(name).unwrap().bytes.to_vec()
}

/// OpenSSL's judgement of our answer about one certificate, with its own nonce.
async fn ocsp(made: &Box, issued: &Issued, more: &[&str]) -> String {
    made.judge(issued, "sslclient");
    made.write("issuer.pem", made.ca.current().unwrap().issuing.pem());
    let ask = ["-issuer", "issuer.pem", "-cert", "leaf.pem", "-reqout", "request.der"];
    made.run(&[&["openssl", "ocsp"], more, &ask].concat());
    let request = std::fs::read(made.path().join("request.der")).unwrap();
    made.write("response.der", made.ca.ocsp(&request, clock::now()).await);
    // The question that was asked, with its nonce: none is to be added now.
    let read = ["-issuer", "issuer.pem", "-cert", "leaf.pem", "-reqin", "request.der", "-respin", "response.der"];
    let read = [&read[..], &["-CAfile", "roots.pem", "-resp_text", "-no_nonce"]].concat();
    made.run(&[&["openssl", "ocsp"], more, &read].concat())
}

#[tokio::test]
async fn threat_088_openssl_accepts_lists_and_answers_and_a_revocation_is_in_them_at_once() {
    for key in [KeyKind::Rsa2048, KeyKind::EcdsaP256] {
        let made = tools::with(Options { key, ..Options::default() }).await;
        let (kept, lost) = (made.issue("001565aabb01", &ecdsa()).await, made.issue("001565aabb02", &ecdsa()).await);
        made.ca.publish_lists(clock::now()).await.unwrap();
        let number = |made: &Box| {
            made.write("list.der", fetch(made, "phonebox-ca.crl"));
            made.write("above.pem", made.ca.current().unwrap().issuing.pem());
            let words =
                ["openssl", "crl", "-inform", "DER", "-in", "list.der", "-noout", "-text", "-CAfile", "above.pem"];
            let text = made.run(&words);
            assert!(text.contains("verify OK"), "{text}");
            let number = text.split("X509v3 CRL Number:").nth(1).unwrap().split_whitespace().next().unwrap();
            (number.parse::<u64>().unwrap(), text)
        };
        let (before, text) = number(&made);
        assert!(text.contains("No Revoked Certificates"), "{text}");
        for issued in [&kept, &lost] {
            let text = ocsp(&made, issued, &["-sha256"]).await;
            assert!(text.contains("Response verify OK") && text.contains("leaf.pem: good"), "{text}");
            assert!(text.contains("OCSP Nonce") && !text.contains("WARNING: no nonce"), "{text}");
        }
        let revoke = Revoke::Certificate(lost.serial);
        made.ca.revoke(revoke, Reason::KeyCompromise, "test", clock::now()).await.unwrap();
        let (after, text) = number(&made);
        assert!(after > before, "{after} {before}");
        assert!(text.contains(&lost.serial.to_string().to_uppercase()) && text.contains("Key Compromise"), "{text}");
        assert!(!text.contains(&kept.serial.to_string().to_uppercase()), "{text}");
        let text = ocsp(&made, &lost, &["-no_nonce"]).await;
        assert!(text.contains("Response verify OK") && text.contains("leaf.pem: revoked"), "{text}");
        assert!(text.contains("keyCompromise") && !text.contains("OCSP Nonce"), "{text}");
        assert!(ocsp(&made, &kept, &[]).await.contains("leaf.pem: good"));
        // A chain check with the list refuses what is in it.
        made.write("list.pem", pem::block("X509 CRL", &fetch(&made, "phonebox-ca.crl")));
        made.write("root.crl.pem", pem::block("X509 CRL", &fetch(&made, "phonebox-ca-root.crl")));
        made.run(&["sh", "-c", "cat root.crl.pem >> list.pem"]);
        let text = made.run(&["openssl", "x509", "-in", "above.pem", "-noout", "-text"]);
        assert!(!text.contains("CRL Distribution"), "no name is configured: {text}");
        let check = ["openssl", "verify", "-crl_check_all", "-CRLfile", "list.pem", "-CAfile", "roots.pem"];
        let check = [&check[..], &["-untrusted", "above.pem", "leaf.pem"]].concat();
        made.judge(&kept, "sslclient");
        made.run(&check);
        made.judge(&lost, "sslclient");
        let (worked, text) = tools::run(made.path(), &check);
        assert!(!worked && text.contains("certificate revoked"), "{text}");
    }
}

/// Revoked is final: also once the certificate has ended and the box was started again.
#[tokio::test]
async fn threat_088_what_was_revoked_is_revoked_after_its_end() {
    let made = tools::made().await;
    let issued = made.issue("001565aabb01", &ecdsa()).await;
    made.ca.revoke(Revoke::Certificate(issued.serial), Reason::KeyCompromise, "test", clock::now()).await.unwrap();
    let end = "UPDATE certificate SET not_after = 5 WHERE mac IS NOT NULL";
    made.dir.db.write(move |tx| Ok::<_, phonebox::db::Error>(tx.execute_batch(end)?)).await.unwrap();
    let ca = phonebox::ca::Ca::open(&made.dir.db, &made.dir.keys, Options::default(), clock::now()).await.unwrap();
    let again = Box { ca, ..made };
    assert!(ocsp(&again, &issued, &[]).await.contains("leaf.pem: revoked"));
}

#[tokio::test]
async fn threat_088_what_is_not_ours_is_unknown_or_unauthorized_and_rubbish_is_malformed() {
    let (made, other) = (tools::made().await, tools::made().await);
    let foreign = other.issue("001565aabb01", &ecdsa()).await;
    let issued = made.issue("001565aabb01", &ecdsa()).await;
    made.judge(&issued, "sslclient");
    made.write("issuer.pem", made.ca.current().unwrap().issuing.pem());
    made.write("other.pem", other.ca.current().unwrap().issuing.pem());
    let serial = format!("0x{}", foreign.serial);
    let ask = async |issuer: &str| {
        made.run(&["openssl", "ocsp", "-issuer", issuer, "-serial", &serial, "-reqout", "request.der"]);
        let request = std::fs::read(made.path().join("request.der")).unwrap();
        made.write("response.der", made.ca.ocsp(&request, clock::now()).await);
        let words = ["openssl", "ocsp", "-respin", "response.der", "-resp_text", "-CAfile", "roots.pem", "-noverify"];
        tools::run(made.path(), &words).1
    };
    assert!(ask("issuer.pem").await.contains("Cert Status: unknown"));
    assert!(ask("other.pem").await.contains("unauthorized"));
    let request = std::fs::read(made.path().join("request.der")).unwrap();
    for cut in 0..request.len() {
        let answer = made.ca.ocsp(&request[..cut], clock::now()).await;
        assert_eq!(answer, [0x30, 3, 0x0a, 1, 1], "{cut}");
    }
}

#[tokio::test]
async fn threat_088_a_list_of_100_000_is_made_once_and_served_from_memory() {
    let made = tools::with(Options { key: KeyKind::EcdsaP256, ..Options::default() }).await;
    let fill = "INSERT INTO certificate (account_id, authority_id, serial, holder, subject, key_sha256, door, author, der,
                    not_before, not_after, created_at, revoked_at, revoked_for)
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                SELECT 1, 2, CAST(x'40' || randomblob(16) AS BLOB), i, '', randomblob(32), 'scep', 'scep', x'30', 0, 9e15, 1, 1, 'superseded'
                FROM n";
    made.dir.db.write(move |tx| Ok::<_, phonebox::db::Error>(tx.execute_batch(fill)?)).await.unwrap();
    let now = clock::now();
    let ca = phonebox::ca::Ca::open(&made.dir.db, &made.dir.keys, Options::default(), now).await.unwrap();
    ca.publish_lists(now).await.unwrap();
    let since = std::time::Instant::now();
    let (first, second) = (ca.public().get("phonebox-ca.crl").unwrap(), ca.public().get("phonebox-ca.crl").unwrap());
    assert!(since.elapsed().as_millis() < 100, "{:?}", since.elapsed());
    assert!(std::ptr::eq(first.bytes.as_ptr(), second.bytes.as_ptr()), "made once");
    made.write("list.der", &first.bytes);
    let text = made.run(&["openssl", "crl", "-inform", "DER", "-in", "list.der", "-noout", "-text"]);
    assert_eq!(text.matches("Serial Number:").count(), 100_000);
}
