//! The one start screen: what a phone must be given, where the API is, what must be kept. Its sentences are in
//! `screen.toml`; the only secret on it is the setup code, until it was used.

use super::interfaces::Interface;
use super::{Addresses, process};
use crate::config::Config;
use crate::net::port_at;
use crate::settings::Secret;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::LazyLock;

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Words(std::collections::BTreeMap<String, String>);

static WORDS: LazyLock<Words> =
    LazyLock::new(|| Words(toml::from_str(include_str!("screen.toml")).unwrap_or_default()));

/// A sentence with its places filled.
fn say(name: &str, places: &[(&str, &str)]) -> String {
    let mut text = WORDS.0.get(name).cloned().unwrap_or_else(|| name.to_owned());
    for (place, value) in places {
        text = text.replace(&format!("{{{place}}}"), value);
        text = text.replace(&format!("{{{place}:5}}"), &format!("{value:<5}"));
    }
    text
}

pub struct Screen<'a> {
    pub config: &'a Config,
    pub addresses: &'a Addresses,
    pub interfaces: &'a [Interface],
    pub data: &'a Path,
    pub key: &'a Path,
    /// Until the box is set up.
    pub setup_code: Option<&'a Secret>,
    pub fingerprint: &'a str,
    /// This program, for the one command that installs it.
    pub program: &'a Path,
}

impl Screen<'_> {
    pub fn text(&self) -> String {
        let mut lines = vec![say("title", &[("version", env!("CARGO_PKG_VERSION"))]), String::new()];
        self.phones(&mut lines);
        self.reach(&mut lines);
        self.people(&mut lines);
        self.data(&mut lines);
        lines.join("\n") + "\n"
    }

    fn phones(&self, lines: &mut Vec<String>) {
        let a = self.addresses;
        if a.http.is_empty() && a.https.is_empty() && a.tftp.is_empty() {
            lines.push(say("phones_none", &[]));
            return;
        }
        lines.push(say("phones", &[]));
        let mut shown = false;
        for interface in self.interfaces {
            for address in &interface.addresses {
                let host = Host::of(a, *address);
                if host.is_reached() {
                    lines.push(format!("  {}  {address}", interface.name));
                    host.lines(lines);
                    shown = true;
                }
            }
        }
        let public = &self.config.public;
        if public.http.is_some() || public.https.is_some() || public.tftp.is_some() {
            lines.push(format!("  {}", say("public", &[])));
            for (name, url) in [("http", &public.http), ("https", &public.https)] {
                lines.extend(url.as_ref().map(|url| format!("    {}", say(name, &[("url", &url.to_string())]))));
            }
            let tftp = public.tftp.as_ref().map(|(host, port)| format!("tftp://{host}:{port}/"));
            lines.extend(tftp.map(|url| format!("    {}", say("tftp", &[("url", &url)]))));
            shown = true;
        }
        if !shown {
            let local = [&a.http, &a.https, &a.tftp].into_iter().flatten().next();
            let address = local.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), SocketAddr::ip);
            lines.push(format!("  {address}  {}", say("only_here", &[])));
            Host::of(a, address).lines(lines);
        }
    }

    /// Which listeners have the ports that phones use when nobody tells them another one: by each of their addresses.
    fn reach(&self, lines: &mut Vec<String>) {
        let a = self.addresses;
        let listeners = [("HTTP", &a.http, 80, ""), ("HTTPS", &a.https, 443, "https_"), ("TFTP", &a.tftp, 69, "")];
        if listeners.iter().all(|(_, bound, ..)| bound.is_empty()) {
            return;
        }
        lines.extend([String::new(), say("reach", &[])]);
        let mut lacks = false;
        for (name, bound, real, kind) in listeners {
            for (port, at) in by_port(bound) {
                // A port beside the real one of the same address keeps nobody out.
                lacks |= at.iter().any(|address| port_at(&on_port(bound, real), *address).is_none());
                let kind = format!("{kind}{}", if port == real { "plain" } else { "full_url" });
                let (port, real) = (port.to_string(), real.to_string());
                let hosts = at.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let is_only = at.len() == bound.len();
                let port = if is_only { port } else { say("port_of", &[("port", &port), ("addresses", &hosts)]) };
                lines.push(format!("  {}", say(&kind, &[("name", name), ("port", &port), ("real", &real)])));
            }
        }
        if lacks {
            lines.push(format!("  {}", say("install", &[("command", &self.command())])));
        }
    }

    fn people(&self, lines: &mut Vec<String>) {
        lines.extend([String::new(), say("people", &[])]);
        let mut line = |text: String| lines.push(format!("  {text}"));
        for url in self.admin() {
            line(say("admin", &[("url", &url)]));
        }
        if let Some(code) = self.setup_code {
            line(say("setup", &[("code", code.reveal())]));
        }
        let file = self.data.join(crate::ca::FILE);
        line(say("ca", &[("file", &file.display().to_string())]));
        line(say("fingerprint", &[("fingerprint", self.fingerprint)]));
    }

    fn admin(&self) -> Vec<String> {
        page_at(&self.addresses.admin, self.interfaces).into_iter().take(3).map(page_url).collect()
    }

    fn data(&self, lines: &mut Vec<String>) {
        lines.extend([String::new(), say("data", &[])]);
        lines.push(format!("  {}", say("directory", &[("path", &self.data.display().to_string())])));
        lines.push(format!("  {}", say("key", &[("path", &self.key.display().to_string())])));
        if process::is_root() {
            lines.extend([String::new(), say("root", &[])]);
        }
    }

    /// The one command that gives the box the real ports, and takes this data along.
    fn command(&self) -> String {
        format!("sudo {} service install --from {}", quoted(self.program), quoted(self.data))
    }
}

/// Where the page is found, the usual address first.
pub fn page_at(bound: &[SocketAddr], interfaces: &[Interface]) -> Vec<SocketAddr> {
    let everywhere = interfaces.iter().flat_map(|interface| &interface.addresses);
    let found = everywhere.filter_map(|address| Some(SocketAddr::new(*address, port_at(bound, *address)?)));
    let found: Vec<SocketAddr> = found.collect();
    if found.is_empty() { bound.to_vec() } else { found }
}

pub fn page_url(at: SocketAddr) -> String {
    url("https", at.ip(), at.port(), 443)
}

/// The ports in the order that they are named in, each with its addresses.
fn by_port(bound: &[SocketAddr]) -> Vec<(u16, Vec<IpAddr>)> {
    let mut ports: Vec<(u16, Vec<IpAddr>)> = Vec::new();
    for socket in bound {
        match ports.iter_mut().find(|(port, _)| *port == socket.port()) {
            Some((_, addresses)) => addresses.push(socket.ip()),
            None => ports.push((socket.port(), vec![socket.ip()])),
        }
    }
    ports
}

fn on_port(bound: &[SocketAddr], port: u16) -> Vec<SocketAddr> {
    bound.iter().filter(|socket| socket.port() == port).copied().collect()
}

/// For a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The ports under which phones reach one address of the box.
struct Host {
    address: IpAddr,
    http: Option<u16>,
    https: Option<u16>,
    tftp: Option<u16>,
}

fn url(scheme: &str, address: IpAddr, port: u16, real: u16) -> String {
    let host = match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    };
    if port == real { format!("{scheme}://{host}/") } else { format!("{scheme}://{host}:{port}/") }
}

impl Host {
    fn of(addresses: &Addresses, address: IpAddr) -> Host {
        let port = |bound: &[SocketAddr]| port_at(bound, address);
        Host { address, http: port(&addresses.http), https: port(&addresses.https), tftp: port(&addresses.tftp) }
    }

    fn is_reached(&self) -> bool {
        self.http.is_some() || self.https.is_some() || self.tftp.is_some()
    }

    fn lines(&self, lines: &mut Vec<String>) {
        let mut line = |text: String| lines.push(format!("    {text}"));
        let link = |scheme, port: Option<u16>, real| port.map(|port| url(scheme, self.address, port, real));
        let (http, https) = (link("http", self.http, 80), link("https", self.https, 443));
        let tftp = link("tftp", self.tftp, 69);
        for (name, url) in
            [("http", &http), ("https", &https), ("tftp", &tftp), ("option_66", http.as_ref().map_or(&tftp, |_| &http))]
        {
            if let Some(url) = url {
                line(say(name, &[("url", url)]));
            }
        }
        // HTTP only: a phone is sent to HTTPS once it has proved that it trusts the box's certificate.
        if let Some(port) = self.http {
            let port = if port == 80 { String::new() } else { format!(",HTTPPORT={port}") };
            line(say("option_242", &[("text", &format!("HTTPSRVR={}{port}", self.address))]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(addresses: &Addresses, setup_code: Option<&Secret>) -> String {
        let interfaces = [
            Interface { name: "eth0".into(), addresses: vec!["192.0.2.5".parse().unwrap()] },
            Interface { name: "eth1".into(), addresses: vec!["10.9.0.1".parse().unwrap(), "fd00::5".parse().unwrap()] },
        ];
        let screen = Screen {
            config: &Config::default(),
            addresses,
            interfaces: &interfaces,
            data: Path::new("/home/x/my box"),
            key: Path::new("/home/x/my box/seal.key"),
            setup_code,
            fingerprint: "AB:CD",
            program: Path::new("/opt/phonebox"),
        };
        screen.text()
    }

    fn on(ports: [&str; 4]) -> Addresses {
        let at = |text: &str| text.split(',').filter_map(|one| one.parse().ok()).collect();
        Addresses {
            admin: at(ports[0]),
            http: at(ports[1]),
            https: at(ports[2]),
            tftp: at(ports[3]),
            ..Addresses::default()
        }
    }

    #[test]
    fn every_sentence_is_used_and_filled() {
        let fresh = on(["[::]:8443", "[::]:8080", "[::]:8444", "[::]:6969"]);
        let text = text(&fresh, Some(&Secret::new("code-1")));
        assert!(!text.contains('{') && !text.contains('}'), "{text}");
        for line in [
            "  eth0  192.0.2.5",
            "HTTP      http://192.0.2.5:8080/",
            "HTTPS     https://192.0.2.5:8444/",
            "TFTP      tftp://192.0.2.5:6969/",
            "DHCP 66   http://192.0.2.5:8080/",
            "DHCP 242  HTTPSRVR=192.0.2.5,HTTPPORT=8080",
            "http://[fd00::5]:8080/",
            "HTTP  port 8080: by its full URL only",
            "TFTP  port 6969: by its full URL only",
            "sudo /opt/phonebox service install --from '/home/x/my box'",
            "Page         https://192.0.2.5:8443/   its API: https://192.0.2.5:8443/api/v1",
            "Setup code   code-1",
            "/home/x/my box/seal.key   without it no stored password",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn real_ports_need_no_command_and_a_box_that_is_set_up_shows_no_code() {
        let text = text(&on(["[::]:8443", "[::]:80", "[::]:443", "0.0.0.0:69"]), None);
        assert!(text.contains("HTTP  port 80: by a plain DHCP option 66 too"), "{text}");
        assert!(text.contains("HTTPS port 443: by a URL without a port too"), "{text}");
        assert!(text.contains("DHCP 242  HTTPSRVR=192.0.2.5\n"), "{text}");
        assert!(!text.contains("tftp://[fd00::5]"), "{text}");
        assert!(!text.contains("Setup code") && !text.contains("Ports 80"), "{text}");
    }

    #[test]
    fn each_address_of_a_list_is_judged_by_its_own_port() {
        let http = "192.0.2.5:80,10.9.0.1:8080,[fd00::5]:8080";
        let shown = text(&on(["[::]:8443", http, "10.9.0.1:443,10.9.0.1:8444", "192.0.2.5:69"]), None);
        for line in [
            "HTTP  port 80 of 192.0.2.5: by a plain DHCP option 66 too\n",
            "HTTP  port 8080 of 10.9.0.1, fd00::5: by its full URL only. A plain DHCP option 66 leads to port 80\n",
            "HTTPS port 443 of 10.9.0.1: by a URL without a port too\n",
            "HTTPS port 8444 of 10.9.0.1: by its full URL only",
            "TFTP  port 69: by a plain DHCP option 66 too\n",
            "Ports 80, 443 and 69, and a start with the machine: sudo",
        ] {
            assert!(shown.contains(line), "{line}\n{shown}");
        }
        // The other way round it is the same, and a second port takes nothing away.
        let turned = text(&on(["[::]:8443", "10.9.0.1:8080,192.0.2.5:80", "", ""]), None);
        assert!(turned.contains("HTTP  port 80 of 192.0.2.5: by a plain") && turned.contains("Ports 80,"), "{turned}");
        let both = text(&on(["[::]:8443", "[::]:80,10.9.0.1:8080", "", ""]), None);
        assert!(both.contains("port 8080 of 10.9.0.1: by its full URL only") && !both.contains("Ports 80,"), "{both}");
    }

    #[test]
    fn a_box_on_loopback_says_so() {
        let text = text(&on(["127.0.0.1:1", "127.0.0.1:2", "", ""]), None);
        assert!(text.contains("127.0.0.1  only this machine can use it"), "{text}");
        assert!(text.contains("http://127.0.0.1:2/") && text.contains("https://127.0.0.1:1/api/v1"), "{text}");
    }
}
