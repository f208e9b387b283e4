//! What is refused, and that nothing is issued for it.

use super::clients::{MAC, OTHER, site};
use super::messages::{envelope, first_certificate};
use std::time::{Duration, Instant};

const SUBJECT: &str = "/CN=805ec0aabb01";

#[test]
fn threat_078_no_certificate_without_the_devices_own_challenge_in_force() {
    let mut site = site(&[]);
    let ra = site.ra();
    let phone = site.sender("phone");
    let (own, others) = (site.challenge(MAC), site.challenge(OTHER));
    for (challenge, reason) in [("", "challenge-missing"), ("wrong", "challenge-unknown"), (&others, "other-name")] {
        let said = site.asks(&phone, &ra, &site.csr(&phone, SUBJECT, challenge, ""));
        assert!(said.is_bad_request() && said.content.is_none(), "{reason}: {said:?}");
    }
    assert_eq!(site.reasons(OTHER)[0], "other-name");
    assert_eq!(site.issued(), 0);
    // Tried with another's name it is not used up.
    assert_eq!(site.asks(&phone, &ra, &site.csr(&phone, SUBJECT, &own, "")).status, "0");
    // Another key.
    let thief = site.sender("thief");
    assert!(site.asks(&thief, &ra, &site.csr(&thief, SUBJECT, &own, "")).is_bad_request());
    assert_eq!(site.issued(), 1);
    // Over: the box's clock is a month ahead.
    site.phonebox.restart_at("+31d");
    let late = site.csr(&thief, "/CN=805ec0aabb02", &others, "");
    assert!(site.asks(&thief, &ra, &late).is_bad_request());
    assert_eq!((site.issued(), site.reasons(OTHER)[0].as_str()), (1, "challenge-expired"));
    let told = site.refusals();
    assert_eq!(told[0], "SCEP PKCSReq: challenge-expired", "{told:?}");
    for reason in
        ["challenge-missing", "challenge-unknown", "other-name, it calls itself 805ec0aabb01", "challenge-used"]
    {
        assert_eq!(told.iter().filter(|detail| **detail == format!("SCEP PKCSReq: {reason}")).count(), 1, "{told:?}");
    }
}

#[test]
fn threat_078_a_device_that_is_not_active_gets_nothing() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let csr = site.csr(&phone, SUBJECT, &challenge, "");
    site.phonebox.cli(&["device", "deactivate", MAC]);
    assert!(site.asks(&phone, &ra, &csr).is_bad_request());
    site.phonebox.cli(&["device", "activate", MAC]);
    assert_eq!(site.asks(&phone, &ra, &csr).status, "0");
    site.phonebox.cli(&["device", "remove", MAC]);
    assert!(site.asks(&phone, &ra, &csr).is_bad_request());
}

#[test]
fn threat_079_a_request_names_nobody_and_grants_itself_nothing() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    for (subject, extensions) in [
        ("/CN=805ec0aabb02", ""),
        ("/CN=80:5E:C0:AA:BB:02", ""),
        ("/O=805ec0aabb01/CN=805ec0aabb02", ""),
        ("/CN=SEP805ec0aabb02", ""),
        ("/CN=CP-8841-SEP805EC0AABB02", ""),
        ("/CN=CIPC805ec0aabb02", ""),
        ("/CN=x805ec0aabb02", ""),
        ("/CN=805EC0-AABB02", ""),
        ("/CN=805E C0AA BB02", ""),
        ("/CN=Example, MAC: 805EC0AABB02, Serial: CBT141400UK", ""),
        (SUBJECT, "subjectAltName = DNS:805ec0aabb02"),
        (SUBJECT, "subjectAltName = URI:urn:mac:80-5e-c0-aa-bb-02, DNS:805ec0aabb01"),
    ] {
        let said = site.asks(&phone, &ra, &site.csr(&phone, subject, &challenge, extensions));
        assert!(said.is_bad_request(), "{subject} {extensions}");
    }
    assert_eq!(site.issued(), 0);
    // Who would be an authority gets nothing, and that is written down.
    for wish in ["basicConstraints = critical, CA:TRUE, pathlen:3", "basicConstraints = CA:TRUE"] {
        assert!(site.asks(&phone, &ra, &site.csr(&phone, SUBJECT, &challenge, wish)).is_bad_request(), "{wish}");
    }
    assert_eq!(site.issued(), 0);
    assert_eq!(site.reasons(MAC)[0], "request-forbidden", "whose challenge it is");
    let log = site.phonebox.json(&["audit", "--action", "certificate.issue", "--object", MAC]).to_string();
    assert!(log.contains("request-forbidden"), "{log}");
    // Other wishes are not granted.
    let greedy = "subjectAltName = DNS:phonebox.example, IP:192.0.2.1, email:root@example.org\n\
                  basicConstraints = critical, CA:FALSE\nkeyUsage = keyCertSign, cRLSign\n\
                  extendedKeyUsage = serverAuth, codeSigning\n1.3.6.1.4.1.99999.1 = ASN1:UTF8String:mine";
    let csr = site.csr(&phone, "/C=NL/O=Somebody Else/OU=Admins/CN=somebody", &challenge, greedy);
    let said = site.asks(&phone, &ra, &csr);
    let certificate = first_certificate(&said.content.unwrap());
    std::fs::write(site.file("leaf.der"), certificate).unwrap();
    site.run(&["openssl", "x509", "-inform", "DER", "-in", "leaf.der", "-out", "leaf.pem"]);
    let text = site.judged("leaf.pem");
    assert!(text.contains("Subject: CN = 805ec0aabb01\n") && text.contains("CA:FALSE"), "{text}");
    for word in [
        "Somebody",
        "somebody",
        "phonebox.example",
        "192.0.2.1",
        "root@",
        "CA:TRUE",
        "Certificate Sign",
        "Server Auth",
        "Code Signing",
        "99999",
    ] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[test]
fn threat_080_every_message_type_that_is_not_handled_fails() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let csr = site.csr(&phone, SUBJECT, &challenge, "");
    for kind in (0..=255u32).filter(|kind| *kind != 19) {
        let said = site.said(&phone, &phone.message(kind.to_string().as_bytes(), b"1", &ra, &csr));
        assert_eq!((said.status.as_str(), said.content), ("2", None), "messageType {kind}");
    }
    for kind in [&b""[..], b"019", b"19 ", b"-1", b"x"] {
        let said = site.said(&phone, &phone.message(kind, b"1", &ra, &csr));
        assert!(said.is_bad_request(), "{kind:?}");
    }
    assert_eq!(site.issued(), 0);
}

#[test]
fn threat_080_a_renewal_needs_a_certificate_of_this_box_in_force_for_this_device() {
    let mut site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let said = site.asks(&phone, &ra, &site.csr(&phone, SUBJECT, &challenge, ""));
    let certificate = first_certificate(&said.content.unwrap());
    // Self-signed, with the names of the real one; signed by a CA of the same name; the real one without its key.
    let forger = site.sender("forger");
    let renew = |sender: &super::messages::Sender, subject: &str, key: &super::messages::Sender| {
        site.said(sender, &sender.message(b"17", b"7", &ra, &site.csr(key, subject, "", "")))
    };
    assert!(renew(&forger, SUBJECT, &forger).is_bad_request());
    let own = ["openssl", "req", "-x509", "-key", "forger.key", "-subj", SUBJECT, "-outform", "DER", "-out", "f.der"];
    site.run(&own);
    let forger = forger.holding(std::fs::read(site.file("f.der")).unwrap());
    assert!(renew(&forger, SUBJECT, &forger).is_bad_request());
    let thief = site.sender("thief").holding(certificate.clone());
    let stolen = site.said(&thief, &thief.message(b"17", b"7", &ra, &site.csr(&thief, SUBJECT, "", "")));
    assert_eq!((stolen.status.as_str(), stolen.info.as_str()), ("2", "1"), "badMessageCheck");
    // The real one, for another device; then for its own, twice the same.
    let next = site.sender("next");
    let phone = phone.holding(certificate);
    assert!(renew(&phone, "/CN=805ec0aabb02", &next).is_bad_request());
    let given = renew(&phone, SUBJECT, &next);
    assert_eq!(given.status, "0");
    assert_eq!(renew(&phone, SUBJECT, &next).content, given.content);
    assert_eq!(site.issued(), 2);
    // Over.
    site.phonebox.restart_at("+1200d");
    let last = site.sender("last");
    let message = phone.message(b"17", b"7", &ra, &site.csr(&last, SUBJECT, "", ""));
    assert!(site.said(&phone, &message).is_bad_request());
    assert_eq!(site.issued(), 2);
}

#[test]
fn threat_081_a_replay_is_the_same_certificate_and_another_key_none() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let message = phone.message(b"19", b"same", &ra, &site.csr(&phone, SUBJECT, &challenge, ""));
    let given = site.said(&phone, &message).content.unwrap();
    assert_eq!(site.said(&phone, &message).content.unwrap(), given);
    let other = site.sender("other");
    let again = other.message(b"19", b"same", &ra, &site.csr(&other, SUBJECT, &challenge, ""));
    assert!(site.said(&other, &again).is_bad_request());
    assert_eq!(site.refusals(), ["SCEP PKCSReq: challenge-used"]);
    // All at once.
    let challenge = site.challenge(OTHER);
    let senders: Vec<_> = (0..6).map(|n| site.sender(&format!("s{n}"))).collect();
    let messages: Vec<_> = senders
        .iter()
        .map(|sender| sender.message(b"19", b"x", &ra, &site.csr(sender, "/CN=805ec0aabb02", &challenge, "")))
        .collect();
    std::thread::scope(|scope| {
        for (sender, message) in senders.iter().zip(&messages) {
            scope.spawn(|| site.said(sender, message));
        }
    });
    assert_eq!(site.issued(), 2);
}

/// What was recorded before a revocation brings nothing back after it.
#[test]
fn threat_081_a_replay_is_refused_once_its_certificate_is_revoked() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let message = phone.message(b"19", b"same", &ra, &site.csr(&phone, SUBJECT, &challenge, ""));
    assert_eq!(site.said(&phone, &message).status, "0");
    let list = site.phonebox.json(&["ca", "certificate", "list", "--holder", MAC]);
    site.phonebox.cli(&["ca", "certificate", "revoke", list[0]["serial"].as_str().unwrap()]);
    let said = site.said(&phone, &message);
    assert!(said.is_bad_request() && said.content.is_none(), "{said:?}");
    assert_eq!(site.reasons(MAC)[0], "certificate-void");
    // The challenge is no key to another one.
    let thief = site.sender("thief");
    assert!(site.asks(&thief, &ra, &site.csr(&thief, SUBJECT, &challenge, "")).is_bad_request());
    assert_eq!((site.issued(), site.reasons(MAC)[0].as_str()), (1, "challenge-used"));
}

#[test]
fn threat_082_whatever_is_wrong_inside_looks_the_same() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let csr = site.csr(&phone, SUBJECT, &challenge, "");
    let good = envelope(&csr, &ra);
    let changed = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        phone.signed(b"19", b"1", &bytes)
    };
    let key = good.windows(4).position(|four| four == [0x04, 0x82, 0x01, 0x00]).unwrap() + 4;
    let stranger = envelope(&csr, &phone.certificate);
    let cases = [
        ("the key's padding", changed(key + 100)),
        ("the content's padding", changed(good.len() - 17)),
        ("the content", changed(good.len() - 200)),
        ("no request in it", phone.message(b"19", b"1", &ra, b"nothing")),
        ("nothing in it", phone.message(b"19", b"1", &ra, b"")),
        ("a wrong challenge", phone.message(b"19", b"1", &ra, &site.csr(&phone, SUBJECT, "wrong", ""))),
        ("another recipient", phone.signed(b"19", b"1", &stranger)),
        ("no envelope", phone.signed(b"19", b"1", b"")),
    ];
    let mut seen: Vec<(&str, usize, Duration)> = cases.iter().map(|(what, _)| (*what, 0, Duration::MAX)).collect();
    // In turns, and the fastest of each: what else the machine does falls on all of them.
    for _ in 0..50 {
        for ((what, message), (_, length, fastest)) in cases.iter().zip(&mut seen) {
            let since = Instant::now();
            let answer = site.post(message);
            *fastest = (*fastest).min(since.elapsed());
            *length = answer.body.len();
            assert_eq!(answer.status, 200, "{what}");
        }
    }
    for (what, message) in &cases {
        assert!(site.said(&phone, message).is_bad_request(), "{what}");
    }
    assert!(seen.iter().all(|(_, length, _)| *length == seen[0].1), "{seen:?}");
    // Both oracles would be between cases in which the key was opened.
    let opened = &seen[..6];
    let (least, most) = (opened.iter().map(|s| s.2).min().unwrap(), opened.iter().map(|s| s.2).max().unwrap());
    assert!(most < least * 2, "{seen:?}");
    assert_eq!(site.issued(), 0);
}

#[test]
fn threat_082_what_is_no_message_is_turned_away_before_any_key_is_used() {
    let mut site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let message = phone.message(b"19", b"1", &ra, &site.csr(&phone, SUBJECT, &challenge, ""));
    for cut in (0..message.len()).step_by(37) {
        assert_eq!(site.post(&message[..cut]).status, 400, "cut at {cut}");
    }
    let lengths: [&[u8]; 4] = [&[0x30, 0x84, 0x40, 0, 0, 0], &[0x30, 0x80], &[0x30, 0x80].repeat(30_000), b"hello"];
    for bytes in lengths {
        assert_eq!(site.post(bytes).status, 400);
    }
    assert_eq!(site.post(&vec![0x30; 70_000]).status, 413);
    let url = |query: &str| crate::support::raw::get(site.phonebox.http(), &format!("/scep?{query}")).status;
    for query in [
        "operation=PKIOperation&message=%%%",
        "operation=PKIOperation&message=AAAA",
        "operation=GetNextCACert",
        "operation=",
    ] {
        assert_eq!(url(query), 400, "{query}");
    }
    // What is only read can be looked at first; nothing is done for it.
    let looks = |query: &str| {
        let url = site.scep_url(&format!("/scep?{query}"));
        site.run(&["curl", "-sI", "-o", "none", "-w", "%{http_code}", &url])
    };
    assert_eq!(
        (looks("operation=GetCACaps"), looks("operation=PKIOperation&message=MAA=")),
        ("200".into(), "404".into())
    );
    let before = site.phonebox.resident();
    for _ in 0..200 {
        site.post(&[0x30, 0x80].repeat(30_000));
    }
    assert!(site.phonebox.resident() < before + (50 << 20));
    assert!(site.phonebox.is_alive() && site.issued() == 0);
    // The budget of failed look-ups is one for all doors.
    assert_eq!(site.asks(&phone, &ra, &site.csr(&phone, SUBJECT, &challenge, "")).status, "0");
}

#[test]
fn threat_083_weak_keys_get_no_certificate_and_leave_the_challenge_whole() {
    let site = site(&[]);
    let (ra, challenge, first) = (site.ra(), site.challenge(MAC), site.challenge(OTHER));
    let three = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"];
    let three = site.sender_with("three", &three);
    let answer = site.post(&three.message(b"19", b"1", &ra, &site.csr(&three, SUBJECT, &challenge, "")));
    assert_eq!((answer.status, site.reasons(MAC)[0].as_str()), (200, "key-refused"));
    // A good certificate asks for the next one with a bad key.
    let old = site.sender("old");
    let said = site.asks(&old, &ra, &site.csr(&old, "/CN=805ec0aabb02", &first, ""));
    let old = old.holding(first_certificate(&said.content.unwrap()));
    for bits in ["512", "1024"] {
        let weak = site.key_pair("weak", bits);
        let csr = site.csr(&weak, "/CN=805ec0aabb02", "", "");
        assert!(site.said(&old, &old.message(b"17", b"2", &ra, &csr)).is_bad_request(), "{bits}");
    }
    assert_eq!((site.issued(), site.reasons(OTHER)[0].as_str()), (1, "key-refused"));
    // Its own signature is wrong.
    let phone = site.sender("phone");
    let mut csr = site.csr(&phone, SUBJECT, &challenge, "");
    *csr.last_mut().unwrap() ^= 1;
    assert!(site.asks(&phone, &ra, &csr).is_bad_request());
    assert_eq!(site.issued(), 1);
    assert_eq!(site.asks(&phone, &ra, &site.csr(&phone, SUBJECT, &challenge, "")).status, "0");
    // Another device's key.
    let csr = site.csr(&phone, "/CN=805ec0aabb02", &site.challenge(OTHER), "");
    assert!(site.asks(&phone, &ra, &csr).is_bad_request());
    assert_eq!(site.reasons(OTHER)[0], "key-of-other");
    let said = site.phonebox.cli(&["explain", OTHER]);
    let sentence = "a key that is another's, so nothing was issued (the key is in a certificate of another holder).";
    assert_eq!(said.matches(sentence).count(), 2, "in the timeline and in the verdict: {said}");
}

/// An Avaya J100 to which the box sends no challenge any more sends its serial number in its place (SCEPPASSWORD). The
/// certificate in force is proof all the same, and only as long as it is in force.
#[test]
fn threat_080_a_first_request_signed_with_a_certificate_in_force_is_a_renewal_whatever_its_challenge() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let said = site.asks(&phone, &ra, &site.csr(&phone, SUBJECT, &challenge, ""));
    let phone = phone.holding(first_certificate(&said.content.unwrap()));
    // Unknown, used for another key, and another device's.
    for (number, secret) in ["16WZ32480123", &challenge, &site.challenge(OTHER)].into_iter().enumerate() {
        let next = site.sender(&format!("next{number}"));
        assert_eq!(site.asks(&phone, &ra, &site.csr(&next, SUBJECT, secret, "")).status, "0", "{secret}");
        assert_eq!(site.reasons(MAC)[0], "certificate-renewed", "{secret}");
    }
    let last = site.sender("last");
    assert_eq!(site.asks(&phone, &ra, &site.csr(&last, SUBJECT, &site.challenge(MAC), "")).status, "0");
    assert_eq!(site.reasons(MAC)[0], "certificate-issued", "a good challenge counts");
    site.phonebox.cli(&["ca", "certificate", "revoke-all", MAC]);
    let late = site.sender("late");
    assert!(site.asks(&phone, &ra, &site.csr(&late, SUBJECT, "16WZ32480123", "")).is_bad_request());
    assert_eq!(site.issued(), 5);
}

/// A certificate that was taken back asks for the next one, by SCEP and by EST: nothing is issued any more.
#[test]
fn threat_080_a_revoked_certificate_renews_nothing() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let said = site.asks(&phone, &ra, &site.csr(&phone, SUBJECT, &challenge, ""));
    let phone = phone.holding(first_certificate(&said.content.unwrap()));
    let next = site.sender("next");
    let renewal = phone.message(b"17", b"7", &ra, &site.csr(&next, SUBJECT, "", ""));
    site.run(&["sh", "-c", "base64 req.der > req.b64"]);
    std::fs::write(site.file("phone.der"), &phone.certificate).unwrap();
    site.run(&["openssl", "x509", "-inform", "DER", "-in", "phone.der", "-out", "phone.pem"]);
    let root = site.phonebox.path().join("phonebox-ca.pem").display().to_string();
    let est = |path: &str| {
        let url = format!("https://{}/.well-known/est/{path}", site.phonebox.https());
        let words = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", &root, "--cert", "phone.pem"];
        let body = ["--key", "phone.key", "-H", "Content-Type: application/pkcs10", "--data-binary", "@req.b64", &url];
        site.run(&[&words[..], &body].concat())
    };
    site.phonebox.cli(&["ca", "certificate", "revoke-all", MAC]);
    assert!(site.said(&phone, &renewal).is_bad_request());
    assert_eq!(site.reasons(MAC)[0], "certificate-void");
    for path in ["simplereenroll", "simpleenroll"] {
        assert_eq!(est(path), "403", "{path}");
        assert_eq!(site.reasons(MAC)[0], "certificate-revoked", "{path}");
    }
    let rows = site.phonebox.json(&["audit", "--action", "certificate.issue", "--object", MAC]);
    let told = |row: &serde_json::Value| {
        row["detail"].as_str().is_some_and(|detail| detail.ends_with("certificate-revoked, the certificate is revoked"))
    };
    assert_eq!(rows["items"].as_array().unwrap().iter().filter(|row| told(row)).count(), 2, "{rows}");
    assert_eq!(site.issued(), 1);
    // The same message is fine while the certificate is: another device's.
    let other = site.sender("other");
    let said = site.asks(&other, &ra, &site.csr(&other, "/CN=805ec0aabb02", &site.challenge(OTHER), ""));
    let other = other.holding(first_certificate(&said.content.unwrap()));
    let renewal = other.message(b"17", b"8", &ra, &site.csr(&site.sender("last"), "/CN=805ec0aabb02", "", ""));
    assert_eq!(site.said(&other, &renewal).status, "0");
}

/// A change that was begun is finished, whoever waits for its answer: revoked on disk is revoked in force.
#[test]
fn threat_011_whoever_hangs_up_stops_no_revocation_half_way() {
    let site = site(&[]);
    let (ra, phone, challenge) = (site.ra(), site.sender("phone"), site.challenge(MAC));
    let said = site.asks(&phone, &ra, &site.csr(&phone, SUBJECT, &challenge, ""));
    std::fs::write(site.file("phone.der"), first_certificate(&said.content.unwrap())).unwrap();
    let serial = site.run(&["openssl", "x509", "-inform", "DER", "-in", "phone.der", "-noout", "-serial"]);
    let serial = serial.trim().trim_start_matches("serial=").to_owned();
    let authorization = format!("Authorization: Bearer {}", site.phonebox.token());
    let url = format!("https://{}/api/v1/certificates/revoke-all", site.phonebox.admin());
    let other = phonebox::db::Connection::open(site.phonebox.path().join("phonebox.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let body = format!("{{\"holder\":\"{MAC}\"}}");
    let gone = site.try_run(&[
        "curl",
        "-sk",
        "--max-time",
        "1",
        "-H",
        &authorization,
        "-H",
        "Content-Type: application/json",
        "-d",
        &body,
        &url,
    ]);
    assert_eq!(gone.status.code(), Some(28), "it waited in vain");
    other.execute_batch("ROLLBACK").unwrap();
    let list = format!("http://{}/phonebox-ca.crl", site.phonebox.http());
    crate::support::eventually("the list has it", || {
        site.run(&["curl", "-s", "-o", "list.der", &list]);
        site.run(&["openssl", "crl", "-inform", "DER", "-in", "list.der", "-noout", "-text"]).contains(&serial)
    });
}

/// T5 for this door: who guesses challenges is slowed like who guesses names.
#[test]
fn threat_078_guessing_challenges_is_slowed() {
    let site = site(&["--misses-per-minute", "20"]);
    let (ra, phone) = (site.ra(), site.sender("phone"));
    let message = phone.message(b"19", b"1", &ra, &site.csr(&phone, SUBJECT, "guess", ""));
    let statuses: Vec<u16> = (0..40).map(|_| site.post(&message).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&404));
}
