//! What ends with what: a certificate lasts no longer than all that stands above it.

use super::tools::{csr, run};
use crate::support::server::Phonebox;

/// A site's own CA that would outlive its root by years.
const SITE: &str = "
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -subj '/CN=Site Root' -addext keyUsage=critical,keyCertSign,cRLSign
openssl req -newkey rsa:2048 -nodes -keyout sub.key -out sub.csr -subj '/CN=Site Phones'
printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' > ca.ext
openssl x509 -req -in sub.csr -CA root.pem -CAkey root.key -CAcreateserial -days 3000 -extfile ca.ext -out sub.pem
cat sub.pem root.pem > both.pem";

#[test]
fn threat_085_no_certificate_outlives_the_root_and_none_is_given_when_it_is_over() {
    let mut phonebox = Phonebox::start();
    let files = tempfile::tempdir().unwrap();
    let at = |name: &str| files.path().join(name).display().to_string();
    let sh = |script: &str| {
        let (worked, text) = run(files.path(), &["sh", "-ec", script]);
        assert!(worked, "{script}: {text}");
        text
    };
    sh(SITE);
    phonebox.cli(&["ca", "import", "--certificates", &at("both.pem"), "--key", &at("sub.key")]);
    phonebox.cli(&["ca", "rollover", "switch", "--force"]);
    phonebox.cli(&["device", "add", "001565aabb01"]);
    std::fs::write(at("request.pem"), csr()).unwrap();
    let (request, mac) = (at("request.pem"), "001565aabb01");
    let issue = ["ca", "certificate", "issue", "--csr", &request, "--mac", mac];
    std::fs::write(at("leaf.pem"), phonebox.cli(&issue)).unwrap();
    let end = |of: &str| sh(&format!("openssl x509 -in {of} -noout -enddate"));
    assert_eq!(end("leaf.pem"), end("root.pem"));
    // The box's own, too.
    let shown = format!("echo | openssl s_client -connect {} 2>/dev/null > server.pem", phonebox.https());
    sh(&shown);
    assert_eq!(end("server.pem"), end("root.pem"));

    phonebox.restart_at("+31d");
    let refused = phonebox.try_cli(&issue).refused();
    assert!(refused.contains("expired") && refused.contains("phonebox ca rollover start"), "{refused}");
    assert!(phonebox.has_alarm("no-certificates"));
    let list = phonebox.json(&["ca", "certificate", "list", "--holder", mac]);
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
}
