//! HEAD (RFC 9110 §9.3.2) says what GET says, without the body, at the doors that the CA has of its own.

use super::tools::run;
use crate::support::server::Phonebox;

#[test]
fn threat_019_head_says_what_get_says_of_ocsp_and_est() {
    let phonebox = Phonebox::start();
    let files = tempfile::tempdir().unwrap();
    let (http, https, root) = (phonebox.http(), phonebox.https(), phonebox.path().join("phonebox-ca.pem"));
    let script = format!(
        "curl -sf http://{http}/phonebox-ca-chain.pem -o chain.pem
         openssl ocsp -issuer chain.pem -serial 4711 -no_nonce -reqout q.der
         q=$(base64 -w0 q.der | sed 's/+/%2B/g; s/=/%3D/g; s#/#%2F#g')
         says() {{ curl -s --cacert {} $1 -D - -o body $2 | grep -iv '^date'; }}
         for url in http://{http}/ocsp/$q http://{http}/ocsp https://{https}/.well-known/est/cacerts \
                    https://{https}/.well-known/est/csrattrs https://{https}/.well-known/est/simpleenroll; do
             says --get $url > get; says --head $url > head; head -1 get; diff get head
         done",
        root.display()
    );
    let (worked, text) = run(files.path(), &["sh", "-ec", &script]);
    assert!(worked, "{text}");
    let statuses: Vec<&str> = text.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(statuses, ["200", "404", "200", "200", "400"], "{text}");
}
