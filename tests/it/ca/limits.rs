//! CAs that are limited to names and networks (RFC 5280, 4.2.1.10).

use super::tools::run;
use crate::support::server::Phonebox;

/// The limits are not critical, somebody is told of them, and what they do not allow is left out of the server's
/// certificate: with it OpenSSL would refuse the whole chain, for the names that are allowed too.
#[test]
fn the_servers_certificate_keeps_within_its_cas_limits_and_says_what_it_leaves_out() {
    let names = ["--names", "box.phones.example,pbx.elsewhere.example"];
    let limits = ["--ca-permitted", "phones.example,127.0.0.0/8"];
    let phonebox = Phonebox::start_with(&[names, limits].concat());
    let said = phonebox.said();
    assert!(said.contains("limited to names and networks"), "{said}");
    let script = format!(
        "openssl s_client -connect {} -showcerts </dev/null 2>/dev/null | sed -n '/-BEGIN/,/-END/p' > sent.pem
         openssl verify -x509_strict -purpose sslserver -verify_hostname box.phones.example -CAfile phonebox-ca.pem \
           -untrusted sent.pem sent.pem
         certtool --verify --load-ca-certificate phonebox-ca.pem --infile sent.pem
         openssl x509 -in sent.pem -noout -ext subjectAltName; openssl x509 -in phonebox-ca.pem -noout -ext nameConstraints",
        phonebox.https()
    );
    let (worked, text) = run(phonebox.path(), &["sh", "-ec", &script]);
    assert!(worked && text.contains("DNS:box.phones.example") && text.contains("IP Address:127.0.0.1"), "{text}");
    assert!(!text.contains("elsewhere") && text.contains("X509v3 Name Constraints: \n"), "not critical: {text}");
    let alarms = phonebox.alarms();
    let told = alarms.iter().find(|alarm| alarm["kind"] == "names-left-out").unwrap();
    assert!(told["text"].as_str().unwrap().contains("pbx.elsewhere.example"), "{told}");
}

/// A client that finds no DNS name takes the common name for one, and the list of names leaves no room for an address there:
/// then there is none.
#[test]
fn a_server_that_has_only_addresses_within_its_cas_limits_is_taken_by_strict_clients() {
    for limits in ["corp.example,127.0.0.0/8,192.0.2.0/24", "corp.example", "127.0.0.0/8"] {
        let phonebox = Phonebox::start_with(&["--names", "pbx.elsewhere.example", "--ca-permitted", limits]);
        let script = format!(
            "openssl s_client -connect {0} -showcerts </dev/null 2>/dev/null | sed -n '/-BEGIN/,/-END/p' > sent.pem
             openssl verify -x509_strict -purpose sslserver -verify_ip 127.0.0.1 -CAfile phonebox-ca.pem \
               -untrusted sent.pem sent.pem
             certtool --verify --verify-purpose 1.3.6.1.5.5.7.3.1 --load-ca-certificate phonebox-ca.pem --infile sent.pem
             curl -sf --cacert phonebox-ca.pem https://{0}/phonebox-ca.pem -o fetched.pem",
            phonebox.https()
        );
        let (worked, text) = run(phonebox.path(), &["sh", "-ec", &script]);
        assert!(worked, "{limits}: {text}");
    }
}
