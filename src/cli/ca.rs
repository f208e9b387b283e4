//! `phonebox ca …`: the authority, its root and the certificates it gave.

use super::console::{Client, Method, encode, query};
use super::{Failure, accept, secret, table};
use crate::ca::{self, pem};
use crate::config::{Environment, PlaceFlags, load};
use clap::Subcommand;
use serde_json::{Map, Value, json};
use std::path::Path;

#[derive(Subcommand)]
pub enum Ca {
    /// The authorities of the box
    Show,
    /// Print the SHA-256 fingerprint of the box's root certificate
    Fingerprint,
    /// Take the root's key out of the box, or put it back
    Root {
        #[command(subcommand)]
        command: Root,
    },
    /// Bring a site's own CA; it becomes the next one, to be switched to
    Import {
        /// PEM: the CA first, then what stands above it up to the root; DER where it is one
        #[arg(long, value_name = "FILE")]
        certificates: String,
        /// PEM or DER: PKCS#8, PKCS#1 or SEC 1; without it the key that `ca csr` made
        #[arg(long, value_name = "FILE")]
        key: Option<String>,
        /// Of an encrypted key: @FILE, or @- for standard input
        #[arg(long, value_name = "@FILE")]
        passphrase: Option<String>,
    },
    /// Make a key and a request for a CA that is signed elsewhere
    Csr {
        /// The name of the CA
        #[arg(long)]
        name: String,
        /// Also when another request waits for its certificate: its key is thrown away
        #[arg(long)]
        force: bool,
    },
    /// Install a server certificate of your own
    Install {
        /// PEM: the server's certificate first, then what signed it; DER where it is one
        #[arg(long, value_name = "FILE", required_unless_present = "remove")]
        certificates: Option<String>,
        /// PEM or DER: PKCS#8, PKCS#1 or SEC 1
        #[arg(long, value_name = "FILE", required_unless_present = "remove")]
        key: Option<String>,
        /// Of an encrypted key: @FILE, or @- for standard input
        #[arg(long, value_name = "@FILE")]
        passphrase: Option<String>,
        /// Show the box's own certificate again
        #[arg(long, conflicts_with_all = ["certificates", "key", "passphrase"])]
        remove: bool,
    },
    /// Replace the root without a shock: make the next one, see who trusts it, switch
    Rollover {
        #[command(subcommand)]
        command: Rollover,
    },
    /// Whose certificates of phones count besides the box's own
    Accept {
        #[command(subcommand)]
        command: accept::Commands,
    },
    /// What certificates may be
    Profile {
        #[command(subcommand)]
        command: Profile,
    },
    /// Certificates of devices
    Certificate {
        #[command(subcommand)]
        command: Certificate,
    },
    /// Print the present revocation list as PEM
    Crl,
    /// What ends soon
    Expiring {
        #[arg(long, default_value_t = 30)]
        days: u32,
    },
    /// Take the present time for right, after a clock that ran ahead
    Clock,
}

#[derive(Subcommand)]
pub enum Root {
    /// Print the root's key, encrypted with a passphrase
    Export {
        /// @FILE, or @- for standard input
        #[arg(long, value_name = "@FILE")]
        passphrase: String,
    },
    /// Remove the root's key from the box, once the copy of it is shown to open
    Offline(KeyCopy),
    /// Put the root's key back
    Online(KeyCopy),
}

#[derive(clap::Args)]
pub struct KeyCopy {
    /// What `ca root export` printed
    #[arg(long)]
    file: String,
    /// @FILE, or @- for standard input
    #[arg(long, value_name = "@FILE")]
    passphrase: String,
}

#[derive(Subcommand)]
pub enum Rollover {
    /// Make the next root; phones get it beside the present one
    Start {
        /// Also when the present root's key is not here, so that it cannot vouch for the next one
        #[arg(long)]
        force: bool,
    },
    /// Which devices are known to trust which root
    Report {
        /// Name the devices
        #[arg(long)]
        devices: bool,
    },
    /// Sign with the next root from now on
    Switch {
        /// Also when devices that trust the present root are not known to hold the next one
        #[arg(long)]
        force: bool,
    },
    /// Leave behind the root before the present one, and the phones that trust no other
    Finish {
        /// Also when devices that trust the root before are not known to hold the present one
        #[arg(long)]
        force: bool,
    },
    /// Forget the next root
    Cancel,
}

#[derive(Subcommand)]
pub enum Profile {
    List,
    /// Add a certificate profile; what is not said is as in `device`
    Add {
        name: String,
        #[command(flatten)]
        fields: Fields,
    },
    Set {
        name: String,
        #[command(flatten)]
        fields: Fields,
    },
}

#[derive(clap::Args)]
pub struct Fields {
    /// Of rsa, p256, p384, p521
    #[arg(long, value_delimiter = ',')]
    key_types: Option<Vec<String>>,
    /// Bits of the shortest RSA key
    #[arg(long)]
    rsa_least: Option<u32>,
    #[arg(long)]
    rsa_most: Option<u32>,
    #[arg(long)]
    validity_days: Option<u32>,
    /// How long before its making a certificate holds
    #[arg(long)]
    backdate_days: Option<u32>,
    /// From {mac} {mac-colon} {serial} {model}: CN={mac}
    #[arg(long)]
    subject: Option<String>,
    /// dns:{mac}.phones.example uri:…, or empty
    #[arg(long)]
    san: Option<String>,
}

#[derive(Subcommand)]
pub enum Certificate {
    /// List certificates, newest first
    List {
        /// A MAC, or what stands for it
        #[arg(long)]
        holder: Option<String>,
    },
    Show {
        serial: String,
        /// Print it, and what stands above it, as PEM
        #[arg(long)]
        pem: bool,
    },
    /// Issue a certificate for the key of a request, and print it with what stands above it
    Issue {
        /// A certification request, PEM or DER
        #[arg(long, value_name = "FILE")]
        csr: String,
        #[arg(long)]
        mac: Option<String>,
        #[arg(long)]
        serial: Option<String>,
        #[arg(long)]
        model: Option<String>,
        /// Whose it is, where there is no MAC
        #[arg(long)]
        label: Option<String>,
        /// The certificate profile
        #[arg(long)]
        profile: Option<String>,
    },
    /// Revoke a certificate, for good
    Revoke {
        serial: String,
        #[arg(long)]
        reason: Option<String>,
    },
    /// Revoke every certificate of a holder, for good
    RevokeAll {
        /// A MAC, or what stands for it
        holder: String,
        #[arg(long)]
        reason: Option<String>,
    },
}

const AUTHORITY: [(&str, &str); 6] = [
    ("ROLE", "role"),
    ("STATE", "state"),
    ("SUBJECT", "subject"),
    ("KEY HERE", "key_here"),
    ("ENDS", "not_after_at"),
    ("SHA-256", "fingerprint"),
];
const CERTIFICATE: [(&str, &str); 6] = [
    ("SERIAL", "serial"),
    ("STATE", "state"),
    ("HOLDER", "holder"),
    ("PROFILE", "profile"),
    ("DOOR", "door"),
    ("ENDS", "not_after_at"),
];
const FACTS: [(&str, &str); 11] = [
    ("serial", "serial"),
    ("state", "state"),
    ("holder", "holder"),
    ("subject", "subject"),
    ("profile", "profile"),
    ("issued by", "door"),
    ("for", "author"),
    ("ends", "not_after_at"),
    ("revoked", "revoked_at"),
    ("because", "revoked_for"),
    ("by", "revoked_by"),
];
const PROFILE: [(&str, &str); 7] = [
    ("PROFILE", "name"),
    ("KEYS", "key_types"),
    ("RSA FROM", "rsa_least"),
    ("TO", "rsa_most"),
    ("DAYS", "validity_days"),
    ("SUBJECT", "subject"),
    ("NAMES", "san"),
];
const REPORT: [(&str, &str); 4] =
    [("STATE", "state"), ("DEVICES", "devices"), ("SUBJECT", "subject"), ("SHA-256", "fingerprint")];
const EXPIRING: [(&str, &str); 5] =
    [("DAYS", "days"), ("KIND", "kind"), ("HOLDER", "holder"), ("ENDS", "not_after_at"), ("SERIAL", "serial")];

/// The line to print. It reads the public file beside the database, so a running box is not disturbed.
pub fn fingerprint(place: &PlaceFlags) -> Result<String, String> {
    let data = load(place, &Environment::of_process()).map_err(|error| error.to_string())?.config.data;
    let path = data.join(ca::FILE);
    let shown = path.display();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{shown} cannot be read: {error}. `phonebox serve` writes it; check --data"))?;
    let der = ca::from_pem(&text)
        .ok_or_else(|| format!("{shown} holds no certificate. Remove it: the next start writes it anew"))?;
    Ok(ca::fingerprint(&der))
}

pub async fn run(client: &Client, command: Ca, as_json: bool) -> Result<(), Failure> {
    let rows = |rows: Value, columns: &[(&str, &str)]| match (as_json, rows) {
        (true, rows) => table::json(&rows),
        (false, Value::Array(rows)) => table::print(&rows.into_iter().map(timed).collect::<Vec<_>>(), columns),
        (false, one) => table::print(&[timed(one)], columns),
    };
    let shown = |answer: Value| {
        if as_json {
            return table::json(&answer);
        }
        rows(answer["authorities"].clone(), &AUTHORITY);
        if let Some(name) = answer["installed"].as_str() {
            table::say(&format!("Installed server certificate: {name}"));
        }
    };
    let text = |answer: Value, name: &str| match as_json {
        true => table::json(&answer),
        false => table::say(answer[name].as_str().unwrap_or_default().trim_end()),
    };
    let post = async |path: &str, body: Value| client.call(Method::POST, path, Some(&body)).await;
    let act = async |path: &str| client.call(Method::POST, path, None).await;
    match command {
        Ca::Accept { command } => return accept::run(client, command, as_json).await,
        Ca::Show => shown(client.get("/ca").await?),
        Ca::Fingerprint => {}
        Ca::Root { command } => match command {
            Root::Export { passphrase } => {
                let body = json!({ "passphrase": hidden(&passphrase)? });
                text(post("/ca/root/export", body).await?, "pem");
            }
            Root::Offline(copy) => shown(post("/ca/root/offline", copy.body()?).await?),
            Root::Online(copy) => shown(post("/ca/root/online", copy.body()?).await?),
        },
        Ca::Import { certificates, key, passphrase } => {
            shown(post("/ca/import", bring(&certificates, key.as_deref(), passphrase.as_deref())?).await?);
        }
        Ca::Csr { name, force } => {
            text(post("/ca/request", json!({ "name": name, "force": force })).await?, "csr");
        }
        Ca::Install { remove: true, .. } => {
            client.call(Method::DELETE, "/ca/server", None).await?;
            table::say("The box shows its own certificate again.");
        }
        Ca::Install { certificates, key, passphrase, .. } => {
            let body = bring(certificates.as_deref().unwrap_or_default(), key.as_deref(), passphrase.as_deref())?;
            let answer = client.call(Method::PUT, "/ca/server", Some(&body)).await?;
            for warning in answer["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                eprintln!("warning: {warning}");
            }
            if as_json { table::json(&answer) } else { table::say("The certificate is installed.") }
        }
        Ca::Rollover { command } => match command {
            Rollover::Start { force } => {
                let answer = post("/ca/rollover/start", json!({ "force": force })).await?;
                if is_unvouched(&answer) {
                    eprintln!(
                        "warning: The present root does not vouch for the next one: the switch leaves behind every phone \
                         that trusts only the present one. See who does before it: phonebox ca rollover report --devices"
                    );
                }
                shown(answer);
            }
            Rollover::Switch { force } => shown(post("/ca/rollover/switch", json!({ "force": force })).await?),
            Rollover::Finish { force } => shown(post("/ca/rollover/finish", json!({ "force": force })).await?),
            Rollover::Cancel => shown(act("/ca/rollover/cancel").await?),
            Rollover::Report { devices } => {
                let report = client.get("/ca/rollover").await?;
                if devices && !as_json {
                    table::print(&holders(&report), &[("STATE", "state"), ("DEVICE", "mac")]);
                } else {
                    rows(report, &REPORT);
                }
            }
        },
        Ca::Profile { command } => match command {
            Profile::List => rows(client.get("/certificate-profiles").await?, &PROFILE),
            Profile::Add { name, fields } => {
                let mut body = fields.body();
                body.insert("name".into(), name.into());
                rows(post("/certificate-profiles", body.into()).await?, &PROFILE);
            }
            Profile::Set { name, fields } => {
                let path = format!("/certificate-profiles/{}", encode(&name));
                rows(client.call(Method::PATCH, &path, Some(&fields.body().into())).await?, &PROFILE);
            }
        },
        Ca::Certificate { command } => match command {
            Certificate::List { holder } => {
                let all = client.get_all(&format!("/certificates{}", query(&[("holder", holder.as_deref())]))).await?;
                rows(all.into(), &CERTIFICATE);
            }
            Certificate::Show { serial, pem: true } => {
                chain(&client.get(&format!("/certificates/{}/pem", encode(&serial))).await?, as_json);
            }
            Certificate::Show { serial, .. } => {
                facts(client.get(&format!("/certificates/{}", encode(&serial))).await?, as_json);
            }
            Certificate::Issue { csr, mac, serial, model, label, profile } => {
                let body = json!({
                    "csr": armored(&csr, |_| Some("CERTIFICATE REQUEST"))?, "mac": mac, "serial": serial, "model": model, "label": label, "profile": profile
                });
                chain(&post("/certificates", body).await?, as_json);
            }
            Certificate::Revoke { serial, reason } => {
                let path = format!("/certificates/{}/revoke", encode(&serial));
                facts(post(&path, json!({ "reason": reason })).await?, as_json);
            }
            Certificate::RevokeAll { holder, reason } => {
                let body = json!({ "holder": holder, "reason": reason });
                let answer = post("/certificates/revoke-all", body).await?;
                let count = answer["serials"].as_array().map_or(0, Vec::len);
                let text = match count {
                    1 => "1 certificate is revoked.".to_owned(),
                    _ => format!("{count} certificates are revoked."),
                };
                if as_json { table::json(&answer) } else { table::say(&text) }
            }
        },
        Ca::Crl => text(client.get("/ca/crl").await?, "pem"),
        Ca::Expiring { days } => rows(client.get(&format!("/ca/expiring?days={days}")).await?, &EXPIRING),
        Ca::Clock => {
            act("/ca/clock").await?;
            table::say("The present time is taken for right.");
        }
    }
    Ok(())
}

/// A row for each root and each device that is known to trust it.
fn holders(report: &Value) -> Vec<Value> {
    let row = |root: &Value, mac: &Value| json!({ "state": root["state"], "mac": mac });
    let of = |root: &Value| root["macs"].as_array().into_iter().flatten().map(|mac| row(root, mac)).collect::<Vec<_>>();
    report.as_array().into_iter().flatten().flat_map(of).collect()
}

/// The root that was made stands alone.
fn is_unvouched(answer: &Value) -> bool {
    let authorities = answer["authorities"].as_array().into_iter().flatten();
    let mut next = authorities.filter(|one| one["state"] == "next" && one["role"] == "root");
    next.any(|root| root["crossed"] == false)
}

fn chain(answer: &Value, as_json: bool) {
    match as_json {
        true => table::json(answer),
        false => ["pem", "chain"].iter().for_each(|part| {
            let pem = answer[*part].as_str().unwrap_or_default().trim_end();
            if !pem.is_empty() {
                table::say(pem);
            }
        }),
    }
}

fn facts(answer: Value, as_json: bool) {
    if as_json { table::json(&answer) } else { table::print_one(&timed(answer), &FACTS) }
}

/// Tables know a time by its name's end.
pub(super) fn timed(mut row: Value) -> Value {
    row["not_after_at"] = row["not_after"].take();
    row
}

fn hidden(text: &str) -> Result<String, Failure> {
    if !text.starts_with('@') {
        return Err(Failure::new(
            "A passphrase does not stand on the command line: other users of this machine see it there.",
            "Write --passphrase @FILE, or --passphrase @- to read it from standard input.",
        ));
    }
    secret::value("passphrase", text)
}

fn read(name: &str) -> Result<Vec<u8>, Failure> {
    let path = if name == "-" { Path::new("/dev/stdin") } else { Path::new(name) };
    std::fs::read(path)
        .map_err(|error| Failure::new(format!("{name} cannot be read: {error}."), "Check the file's name."))
}

/// The text of a PEM file, or a DER file as PEM.
fn armored(name: &str, label: impl Fn(&[u8]) -> Option<&'static str>) -> Result<String, Failure> {
    pem::of_file(read(name)?, label)
        .ok_or_else(|| Failure::new(format!("{name} is neither PEM nor DER."), "Check the file's name."))
}

fn bring(certificates: &str, key: Option<&str>, passphrase: Option<&str>) -> Result<Value, Failure> {
    let certificates = armored(certificates, |_| Some("CERTIFICATE"))?;
    let key = key.map(|name| armored(name, ca::pkcs8::label)).transpose()?;
    Ok(json!({ "certificates": certificates, "key": key, "passphrase": passphrase.map(hidden).transpose()? }))
}

impl KeyCopy {
    fn body(&self) -> Result<Value, Failure> {
        Ok(json!({ "pem": armored(&self.file, ca::pkcs8::label)?, "passphrase": hidden(&self.passphrase)? }))
    }
}

impl Fields {
    fn body(self) -> Map<String, Value> {
        let mut body = Map::new();
        let mut set = |name: &str, value: Option<Value>| value.map(|value| body.insert(name.into(), value));
        set("key_types", self.key_types.map(Into::into));
        set("rsa_least", self.rsa_least.map(Into::into));
        set("rsa_most", self.rsa_most.map(Into::into));
        set("validity_days", self.validity_days.map(Into::into));
        set("backdate_days", self.backdate_days.map(Into::into));
        set("subject", self.subject.map(Into::into));
        set("san", self.san.map(Into::into));
        body
    }
}
