//! Behind a load balancer that speaks the PROXY protocol: the phone's own address counts, in front of HTTP and of TLS, and
//! from a trusted proxy only.

use crate::support::phone::{PASSWORD, add, mac, phone};
use crate::support::raw::{self, Answer};
use crate::support::server::Phonebox;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

const V1: &[u8] = b"PROXY TCP4 10.9.8.7 192.0.2.1 4711 80\r\n";
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x0a\x09\x08\x07\xc0\0\x02\x01\x12\x67\0\x50";

fn plain(phonebox: &Phonebox, from: &str, header: &[u8], model: &str) -> Option<Answer> {
    let mut stream = raw::connect_from(phonebox.http(), Some(from.parse().unwrap()));
    stream.write_all(&[header, request(model).as_bytes()].concat()).unwrap();
    raw::read(&mut stream, false)
}

fn over_tls(phonebox: &Phonebox, from: &str, header: &[u8], model: &str) -> Option<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(phonebox.ca_pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let to: SocketAddr = phonebox.https();
    let client = ClientConnection::new(Arc::new(config), ServerName::IpAddress(to.ip().into())).unwrap();
    let mut stream = raw::connect_from(to, Some(from.parse().unwrap()));
    stream.write_all(header).unwrap();
    let mut stream = StreamOwned::new(client, stream);
    stream.write_all(request(model).as_bytes()).ok()?;
    raw::read(&mut stream, false)
}

fn request(model: &str) -> String {
    let agent = phone(model).user_agent();
    format!("GET /{}.cfg HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\n\r\n", mac(model))
}

#[test]
fn threat_007_the_proxy_protocol_counts_from_trusted_proxies_only() {
    let phonebox = Phonebox::start_with(&["--trusted-proxies", "127.0.0.9/32"]);
    type Ask = fn(&Phonebox, &str, &[u8], &str) -> Option<Answer>;
    let cases: [(&str, Ask, &[u8]); 4] =
        [("T54W", plain, V1), ("T46S", plain, V2), ("T31G", over_tls, V1), ("W60B", over_tls, V2)];
    for (model, ask, header) in cases {
        add(&phonebox, model, &[]);
        // Nobody else is believed: no request at all, and no handshake.
        let stranger = ask(&phonebox, "127.0.0.8", header, model);
        assert!(stranger.is_none_or(|answer| answer.status == 400), "{model}");
        let answer = ask(&phonebox, "127.0.0.9", header, model).unwrap();
        assert!(answer.status == 200 && answer.text().contains(PASSWORD), "{model} {}", answer.head);
        let seen = phonebox.explain(mac(model))["timeline"][0]["peer"].as_str().unwrap().to_owned();
        assert_eq!(seen, "10.9.8.7", "{model}");
        // The window is the phone's at 10.9.8.7; the proxy itself is somebody else.
        let itself = ask(&phonebox, "127.0.0.9", b"", model).unwrap();
        assert!(!itself.text().contains(PASSWORD), "{model}");
    }
    // A public client behind the proxy is no private one.
    add(&phonebox, "T53W", &[]);
    let public = b"PROXY TCP4 8.8.8.8 192.0.2.1 4711 80\r\n";
    assert_eq!(plain(&phonebox, "127.0.0.9", public, "T53W").unwrap().status, 404);
    assert!(phonebox.verdict(mac("T53W")).contains("8.8.8.8"), "{}", phonebox.verdict(mac("T53W")));
}
