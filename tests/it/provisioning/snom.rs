//! Snom (vendors.md §3): the model's file, a container, and the file it points at.

use super::stories;
use crate::support::eventually;
use crate::support::phone::{PASSWORD, add, mac, phone};
use crate::support::raw;
use crate::support::server::Phonebox;
use std::io::Write;

stories!(d785, "D785", Token, &["snomD785.htm 200", "snomD785-000413922D24.htm 200", "000413922d24.xml 200"]);

/// The window is open until the token proves that the configuration arrived: a link that the box gives before is no proof.
#[test]
fn a_first_download_that_breaks_off_leaves_the_window_open() {
    let phonebox = Phonebox::start();
    add(&phonebox, "D785", &[]);
    let mac = mac("D785");
    let agent = format!("User-Agent: {}\r\n", phone("D785").user_agent());
    let container = format!("/snomD785-{}.htm", mac.to_uppercase());
    let link = || {
        let answer = raw::ask(phonebox.http(), "GET", &container, &agent);
        assert_eq!(answer.status, 200, "{}", phonebox.verdict(mac));
        answer.text().split(&phonebox.url(false)).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let asked = link();
    assert!(phonebox.device(mac)["enrolled_at"].is_null(), "it only knows where its file is");
    // It is gone before it has read a byte.
    let mut stream = raw::connect(phonebox.http());
    stream.write_all(format!("GET /{asked} HTTP/1.1\r\nHost: x\r\n{agent}\r\n").as_bytes()).unwrap();
    drop(stream);
    let file = format!("{mac}.xml");
    eventually("it is written down", || phonebox.explain(mac)["timeline"].to_string().contains(&file));
    let again = raw::ask(phonebox.http(), "GET", &format!("/{}", link()), &agent);
    assert!(again.status == 200 && again.text().contains(PASSWORD), "{}", phonebox.verdict(mac));
    assert!(phonebox.device(mac)["proof"].is_null() && !phonebox.has_alarm("reset-suspected"));
    // Its own URL is proof, and whoever comes by it is led by it.
    let text = again.text();
    let own = text.split("/p/").nth(1).unwrap().split(['/', '<', '"']).next().unwrap();
    let led = raw::ask(phonebox.http(), "GET", &format!("/p/{own}{container}"), &agent);
    assert!(led.text().contains(&format!("/p/{own}/{mac}.xml")), "{}", led.text());
    assert_eq!(phonebox.device(mac)["proof"], "token");
    let asked = raw::ask(phonebox.http(), "GET", &format!("/{file}"), &agent);
    assert!(asked.status == 404 && phonebox.has_alarm("reset-suspected"), "{}", asked.status);
}
