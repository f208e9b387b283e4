//! Puts file, environment and flags together, strongest last, and remembers where each value came from.

use super::file;
use super::flags;
use super::keys::{KEYS, Key, Kind, suggestion};
use super::value::masked;
use super::{Bind, Config, ConfigError};
use crate::ca::KeyKind;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

const STATE: &str = "/var/lib/phonebox";
const SERVICE_FILE: &str = "/etc/phonebox/phonebox.toml";
const CREDENTIAL: &str = "phonebox-key";

/// The environment, as a value: read once, and made by hand in tests.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    pub fn of_process() -> Environment {
        std::env::vars_os().collect()
    }

    /// Set and not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(pairs: I) -> Environment {
        let text = |text: OsString| text.to_string_lossy().into_owned();
        Environment(pairs.into_iter().map(|(name, value)| (text(name), text(value))).collect())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf, usize),
    Environment(String),
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File(path, line) => write!(f, "{} line {line}", path.display()),
            Source::Environment(name) => write!(f, "environment {name}"),
            Source::Flag(flag) => write!(f, "flag --{flag}"),
        }
    }
}

/// One key's value as it was given.
#[derive(Clone)]
pub struct Given {
    pub key: &'static Key,
    pub text: String,
    pub source: Source,
}

pub struct Loaded {
    pub config: Config,
    /// One for each key, in the table's order.
    pub given: Vec<Given>,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What is not wrong but probably not meant.
    pub warnings: Vec<String>,
}

pub fn load<const ALL: bool>(flags: &flags::Given<ALL>, env: &Environment) -> Result<Loaded, ConfigError> {
    let mut problems = Vec::new();
    let mut given: Vec<Given> =
        KEYS.iter().map(|key| Given { key, text: key.default.into(), source: Source::Default }).collect();
    let mut set = |key: &Key, text: &str, source: Source| {
        if let Some(place) = given.iter_mut().find(|given| given.key.path == key.path) {
            place.text = text.to_owned();
            place.source = source;
        }
    };
    let data = stated_data(flags, env).map_or_else(|| default_data(env), PathBuf::from);
    set(&KEYS[0], &data.to_string_lossy(), Source::Default);
    if let Some(path) = credential(env) {
        set(&KEYS[1], &path.to_string_lossy(), Source::Environment("CREDENTIALS_DIRECTORY".into()));
    }
    let (file, own) = find_file(flags, env, &data);
    let entries = file.as_ref().map(|path| file::read(path, &mut problems)).unwrap_or_default();
    for entry in entries {
        let source = Source::File(file.clone().unwrap_or_default(), entry.line);
        if own && entry.key.path == "data" {
            problems.push(format!("{source}: data cannot be set by the file that was found through it. Use --data"));
        }
        set(entry.key, &entry.text, source);
    }
    for key in KEYS {
        if let Some(text) = env.get(&key.env()) {
            set(key, text, Source::Environment(key.env()));
        }
    }
    for (flag, text) in &flags.values {
        if let Some(key) = KEYS.iter().find(|key| key.flag == *flag) {
            set(key, text, Source::Flag(key.flag));
        }
    }
    let mut config = Config::default();
    for Given { key, text, source } in &given {
        if let Err(rule) = (key.read)(&mut config, text) {
            problems.push(format!("{source}: {} = \"{}\" {rule}", key.path, masked(text)));
        }
    }
    if problems.is_empty() {
        together(&config, &mut problems);
    }
    match problems.is_empty() {
        true => Ok(Loaded { warnings: warnings(&config, env), config, given, file }),
        false => Err(ConfigError(problems)),
    }
}

fn stated_data<const ALL: bool>(flags: &flags::Given<ALL>, env: &Environment) -> Option<String> {
    let flag = flags.values.iter().rev().find(|(flag, _)| *flag == "data").map(|(_, text)| text.clone());
    flag.or_else(|| env.get("PHONEBOX_DATA").map(str::to_owned))
}

fn default_data(env: &Environment) -> PathBuf {
    if let Some(state) = env.get("STATE_DIRECTORY").and_then(|list| list.split(':').next()) {
        return state.into();
    }
    if usable(Path::new(STATE)) {
        return STATE.into();
    }
    match (env.get("XDG_DATA_HOME").filter(|home| home.starts_with('/')), env.get("HOME")) {
        (Some(data), _) => Path::new(data).join("phonebox"),
        (None, Some(home)) => Path::new(home).join(".local/share/phonebox"),
        (None, None) => "phonebox-data".into(),
    }
}

/// Whether this user may look into a directory: the box installed as a service is root's and its own.
fn usable(dir: &Path) -> bool {
    std::fs::read_dir(dir).is_ok()
}

fn credential(env: &Environment) -> Option<PathBuf> {
    let path = Path::new(env.get("CREDENTIALS_DIRECTORY")?).join(CREDENTIAL);
    path.exists().then_some(path)
}

/// The file, and whether it was found through the data directory.
fn find_file<const ALL: bool>(flags: &flags::Given<ALL>, env: &Environment, data: &Path) -> (Option<PathBuf>, bool) {
    let stated = flags.config.clone().or_else(|| env.get("PHONEBOX_CONFIG").map(PathBuf::from));
    if stated.is_some() {
        return (stated, false);
    }
    let own = data.join("phonebox.toml");
    if own.exists() {
        return (Some(own), true);
    }
    let service = Path::new(SERVICE_FILE);
    ((data == Path::new(STATE) && service.exists()).then(|| service.into()), true)
}

/// Rules between keys.
fn together(config: &Config, problems: &mut Vec<String>) {
    let tcp = [("admin", &config.listen.admin), ("http", &config.listen.http), ("https", &config.listen.https)];
    for (place, (name, bind)) in tcp.iter().enumerate() {
        for (other, theirs) in tcp.iter().skip(place + 1) {
            let clash = bind.addresses().iter().find(|mine| {
                mine.port() != 0
                    && theirs.addresses().iter().any(|their| {
                        their.port() == mine.port()
                            && (their.ip() == mine.ip() || their.ip().is_unspecified() || mine.ip().is_unspecified())
                    })
            });
            if let Some(address) = clash {
                let port = address.port();
                problems.push(format!("listen.{name} and listen.{other} both want port {port}. Give one another port"));
            }
        }
    }
    if config.ca.key == KeyKind::EcdsaP256 && !config.scep.old_phones.addresses().is_empty() {
        problems.push(
            "scep.old_phones needs an RSA key, and ca.key = \"ecdsa-p256\" makes a CA without one. \
             Take ca.key = \"rsa-2048\", or scep.old_phones = \"off\""
                .into(),
        );
    }
    if config.uploads.file_bytes > config.uploads.device_bytes {
        problems.push(
            "uploads.file_bytes is larger than uploads.device_bytes: such a file could never be stored. \
             Lower the first or raise the second"
                .into(),
        );
    }
}

fn warnings(config: &Config, env: &Environment) -> Vec<String> {
    let mut warnings = Vec::new();
    let names: Vec<String> = KEYS.iter().map(Key::env).chain(["PHONEBOX_CONFIG".into()]).collect();
    for name in env.0.keys().filter(|name| name.starts_with("PHONEBOX_") && !names.contains(name)) {
        let hint = suggestion(name, names.iter().map(String::as_str));
        warnings.push(format!("the environment variable {name} is no key and is ignored.{hint}"));
    }
    let listen = &config.listen;
    if [&listen.http, &listen.https, &listen.tftp].into_iter().all(|bind| *bind == Bind::Off) {
        warnings.push("listen.http, listen.https and listen.tftp are all off: no phone can reach this box".into());
    }
    warnings
}

impl Loaded {
    /// The result as a TOML file that says where each value came from.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        for Given { key, text: value, source } in &self.given {
            let (head, name) = key.path.split_once('.').unwrap_or(("", key.path));
            if head != section {
                text.push_str(&format!("\n[{head}]\n"));
                section = head;
            }
            let quoted = |item: &str| toml::Value::String(masked(item.trim())).to_string();
            let shown = match key.kind {
                Kind::Number => value.clone(),
                Kind::List => {
                    let items: Vec<_> = value.split(',').filter(|item| !item.trim().is_empty()).map(quoted).collect();
                    format!("[{}]", items.join(", "))
                }
                Kind::Text | Kind::Path => quoted(value),
            };
            text.push_str(&format!("{:<40} # {source}\n", format!("{name} = {shown}")));
        }
        text
    }
}
