//! The house rules that a machine can check (`src/lib.rs`, the map). A new module needs a row in [`MAY_IMPORT`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Modules of rows and rules. They may use each other.
const DOMAINS: &str = "accounts alarms audit checkins devices enrollment extensions files firmware groups instance jobs labels \
                       layers lines mail models networks notify profiles sites tasks uploads users webhooks";

/// (module, what it may import). `DOMAINS` stands for all of them. `*/api` is every `api.rs` and what is below an `api/`; stores of the
/// vocabulary and of the pipeline count as modules of their own.
const MAY_IMPORT: &[(&str, &str)] = &[
    ("clock", ""),
    ("net", ""),
    ("settings", "net"),
    ("settings/store", "net settings seal db"),
    ("seal", "settings"),
    ("db", "net seal"),
    ("vendors", "net settings"),
    // It gets a holder and a key, and knows no device. What it signs or cannot sign, it tells.
    ("ca", "net db seal settings alarms audit"),
    // Of the profiles only the value type of a URL, of the authority only what may be chosen.
    ("config", "net profiles ca"),
    ("telemetry", "config"),
    ("datadir", "db seal"),
    // The kit without a domain; its one table of error codes names the errors of the value types.
    ("web", "clock net settings seal db profiles"),
    ("DOMAINS", "clock net settings seal db vendors web DOMAINS"),
    // Pure but for its two transactions: no clock, no listener, no people.
    ("provision", "net settings seal db vendors ca DOMAINS"),
    ("listen", "clock net vendors ca provision checkins files telemetry"),
    ("phone", "net"),
    ("*/api", "clock net settings seal db vendors ca provision web DOMAINS"),
    ("server", "clock net settings seal db vendors ca config telemetry datadir provision listen web DOMAINS"),
    ("cli", "clock net settings seal db vendors ca config telemetry datadir provision server phone web DOMAINS"),
    ("main", "cli clock config telemetry datadir server"),
    ("lib", ""),
];

struct Source {
    /// Below the crate's root.
    path: String,
    text: String,
    /// Without comments and without unit tests.
    code: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => walk(&path, found),
            false => found.push(path),
        }
    }
}

fn sources(below: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(below), &mut paths);
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let is_test = path.trim_end_matches(".rs").split('/').any(|part| part.ends_with("tests"));
        let tests = if is_test { 0 } else { text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len()) };
        let lines = text[..tests].lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = lines.map(|line| line.split(" // ").next().unwrap_or(line)).collect::<Vec<_>>().join("\n");
        Source { path, text, code }
    };
    paths.into_iter().map(read).collect()
}

fn name(path: &str) -> String {
    let parts: Vec<&str> = path.trim_start_matches("src/").split('/').collect();
    let module = parts[0].trim_end_matches(".rs");
    match (module, parts[parts.len() - 1]) {
        (_, "api.rs") => "*/api".into(),
        _ if path.contains("/api/") => "*/api".into(),
        ("settings", "store.rs") => "settings/store".into(),
        _ => module.into(),
    }
}

/// Every `crate::module` that the code names, alone or in a group `crate::{one, other::Thing}`.
fn imports(code: &str) -> BTreeSet<&str> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let head = |text: &'_ str| text.find(ends).unwrap_or(text.len());
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(&rest[..head(rest)]);
            continue;
        };
        let (mut depth, mut starts) = (0, true);
        for (place, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => starts = true,
                c if starts && !c.is_whitespace() => {
                    found.insert(&group[place..place + head(&group[place..])]);
                    starts = false;
                }
                _ => {}
            }
        }
    }
    found.remove("");
    found
}

#[test]
fn groups_of_imports_are_read_too() {
    let code = "use crate::net::Mac; use crate::{clock, db::{self, params},\n  seal::sha256}; crate::web::page()";
    assert_eq!(imports(code).into_iter().collect::<Vec<_>>(), ["clock", "db", "net", "seal", "web"]);
}

fn report(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}

/// The files whose code holds one of the words.
fn holding(words: &[&str], allowed: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources("src").iter().filter(|source| !allowed(&source.path)) {
        for (number, line) in source.code.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                wrong.push(format!("{} (code line {}): {word}", source.path, number + 1));
            }
        }
    }
    wrong
}

#[test]
fn imports_point_down_only() {
    let domains: BTreeSet<&str> = DOMAINS.split_whitespace().collect();
    let mut wrong = Vec::new();
    for source in sources("src") {
        let module = name(&source.path);
        let row = if domains.contains(module.as_str()) { "DOMAINS" } else { &module };
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == row) else {
            wrong.push(format!("{}: module {module} has no row in MAY_IMPORT", source.path));
            continue;
        };
        let allowed: BTreeSet<&str> = allowed.split_whitespace().collect();
        let own = source.path.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default();
        for import in imports(&source.code) {
            let group = if domains.contains(import) { "DOMAINS" } else { import };
            if import != own && !allowed.contains(import) && !allowed.contains(group) {
                wrong.push(format!("{}: {module} must not import {import}", source.path));
            }
        }
    }
    report(&wrong, "imports point down only");
}

#[test]
fn rusqlite_is_named_in_db_only() {
    report(&holding(&["rusqlite"], |path| path.starts_with("src/db/")), "rusqlite is named in db only");
}

#[test]
fn actix_is_named_at_the_peoples_door_only() {
    let door = |path: &str| {
        path.ends_with("/api.rs")
            || path.contains("/api/")
            || path == "src/users/guard.rs"
            || path.starts_with("src/web/")
            || path.starts_with("src/server/")
    };
    report(
        &holding(&["actix_web", "utoipa_actix_web"], door),
        "actix is named in api.rs, users/guard.rs, web and server only",
    );
}

#[test]
fn sql_is_in_stores_only() {
    let words = ["SELECT ", "INSERT INTO ", "INSERT OR ", "DELETE FROM ", "PRAGMA ", "CREATE TABLE ", " SET value"];
    let allowed = |path: &str| path.starts_with("src/db/") || path.ends_with("store.rs") || path.contains("/store/");
    report(&holding(&words, allowed), "SQL is in store.rs and db only");
}

#[test]
fn vendors_are_named_in_vendors_only() {
    let vendors = ["avaya", "yealink", "snom", "alcatel", "polycom", "grandstream", "fanvil", "gigaset", "mitel"];
    let mut wrong = Vec::new();
    // The virtual phone plays a brand without knowing our tables of it.
    let elsewhere = |path: &str| !path.starts_with("src/vendors/") && !path.starts_with("src/phone/");
    for source in sources("src").iter().filter(|source| elsewhere(&source.path)) {
        // As a word of the code. A sentence for people may name a brand, with its capital.
        let names = vendors
            .iter()
            .filter(|name| source.code.contains(**name) || source.code.contains(name.to_ascii_uppercase().as_str()));
        wrong.extend(names.map(|name| format!("{}: {name}", source.path)));
    }
    report(&wrong, "brand knowledge lives in src/vendors only");
}

#[test]
fn pure_steps_have_no_clock_and_no_randomness() {
    let pure = ["authorize", "resolve", "render", "identify"];
    let words = ["clock::", "SystemTime", "Instant::now", " rand::", "std::fs", "seal::random"];
    let steps = |path: &str| {
        let pure = pure.iter().any(|step| path == format!("src/provision/{step}.rs"));
        !(pure || path.starts_with("src/vendors/"))
    };
    report(&holding(&words, steps), "identify, authorize, resolve and render are pure");
}

#[test]
fn nothing_is_left_open_and_nothing_panics_on_purpose() {
    let words = ["todo!(", "unimplemented!(", "dbg!(", ".unwrap()"];
    report(&holding(&words, |_| false), "no todo!, no unimplemented!, no dbg!, no unwrap");
}

#[test]
fn every_module_opens_with_its_text_and_is_short_enough_to_read() {
    let mut wrong = Vec::new();
    for source in sources("src").iter().chain(&sources("tests")) {
        let lines = source.text.lines().count();
        if !source.text.starts_with("//!") {
            wrong.push(format!("{} does not open with //!", source.path));
        }
        if lines > 800 {
            wrong.push(format!("{} has {lines} lines, 800 is the most", source.path));
        }
        if source.path == "src/main.rs" && lines > 60 {
            wrong.push(format!("src/main.rs has {lines} lines, 60 is the most"));
        }
    }
    report(&wrong, "every module says what it owns, and is short");
}

/// The OpenAPI document keeps one of two schemas of the same name and loses the other.
#[test]
fn every_schema_has_a_name_of_its_own() {
    let mut seen: Vec<(String, String)> = Vec::new();
    for source in sources("src") {
        for after in source.code.split("utoipa::ToSchema").skip(1) {
            let mut words = after.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            // `schema(as = Name)` stands before the type's own name.
            let name = words
                .find(|word| ["as", "struct", "enum"].contains(word))
                .and_then(|_| words.next())
                .unwrap_or_default();
            seen.push((name.to_owned(), source.path.clone()));
        }
    }
    seen.sort();
    let twice = seen.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    let wrong: Vec<String> = twice.map(|pair| format!("{}: {} and {}", pair[0].0, pair[0].1, pair[1].1)).collect();
    assert!(seen.len() > 50, "the schemas are not found any more");
    report(&wrong, "every schema has a name of its own");
}

#[test]
fn every_unsafe_says_why_it_is_not() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let lines: Vec<&str> = source.text.lines().collect();
        for (place, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("unsafe {")) {
            let before = &lines[place.saturating_sub(3)..=place];
            if !line.trim_start().starts_with("//") && !before.iter().any(|line| line.contains("SAFETY:")) {
                wrong.push(format!("{} line {}", source.path, place + 1));
            }
        }
    }
    report(&wrong, "every unsafe block has its SAFETY comment");
}

#[test]
fn the_top_level_is_fixed() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "build.rs",
        "rustfmt.toml",
        "src",
        "ui",
        "schema.sql",
        "packaging",
        "tests",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "deny.toml",
        ".ci",
        ".config",
        ".git",
        ".gitignore",
        "target",
        "proptest-regressions",
    ];
    let entries = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let wrong: Vec<String> = entries.filter(|name| !allowed.contains(&name.as_str())).collect();
    report(&wrong, "the top level is Cargo.toml src ui schema.sql packaging tests README.md and what tools insist on");
}
