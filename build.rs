//! Builds the page: `ui/` becomes `ui/dist`, which `src/server/spa.rs` puts into the binary.
//!
//! npm runs only when a source of the page changed: `ui/dist/.sources` names what the bundle was made of. A release
//! build must have the page; a development build without npm goes on and serves a note in its place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the bundle is made of. Types, linter and tests are not among it: `npm run check` looks after them.
const SOURCES: [&str; 9] = [
    "index.html",
    "package.json",
    "package-lock.json",
    ".npmrc",
    "vite.config.ts",
    "src",
    // The page offers them to read.
    "../README.md",
    "../CHANGELOG.md",
    "../packaging/SUPPORT.md",
];
const NOTE: &str = "<!doctype html><title>Phonebox</title><p>This is a development build without its page: npm was missing \
    or failed when it was made. To make the page: npm --prefix ui ci, then npm --prefix ui run build.</p>\n";

fn main() {
    for source in SOURCES {
        println!("cargo::rerun-if-changed=ui/{source}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|libc| libc == "gnu") {
        // A megabyte less (DT_RELR): glibc reads it since 2.36.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    let ui = Path::new("ui");
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    match bundle(ui) {
        Ok(()) => {}
        Err(why) if release => println!("cargo::error={why}"),
        Err(why) => {
            println!("cargo::warning={why}; this development build serves a note instead of the page");
            if let Err(error) = note(&ui.join("dist")) {
                println!("cargo::error=ui/dist: {error}");
            }
        }
    }
}

fn bundle(ui: &Path) -> Result<(), String> {
    let read = |error: io::Error| format!("the sources of the page in ui/ cannot be read: {error}");
    // Debug and release may be built at once, and share ui/dist.
    let lock = File::open(ui.join("package.json")).map_err(read)?;
    lock.lock().map_err(read)?;
    let made_of = fingerprint(ui, &SOURCES).map_err(read)?;
    let stamp = ui.join("dist/.sources");
    if fs::read_to_string(&stamp).is_ok_and(|text| text == made_of) {
        return Ok(());
    }
    let installed = ui.join("node_modules/.installed");
    let wanted = fingerprint(ui, &["package.json", "package-lock.json"]).map_err(read)?;
    if !fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        npm(ui, &["ci"])?;
        fs::write(&installed, wanted).map_err(|error| format!("{}: {error}", installed.display()))?;
    }
    npm(ui, &["run", "build"])?;
    fs::write(&stamp, made_of).map_err(|error| format!("{}: {error}", stamp.display()))
}

fn npm(ui: &Path, words: &[&str]) -> Result<(), String> {
    let missing = "the page needs npm (Node.js 20.19 or later) or a prebuilt bundle of these sources in ui/dist, and \
        there is neither";
    let told = Command::new("npm").args(words).current_dir(ui).stdin(Stdio::null()).output();
    let told = told.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => missing.to_owned(),
        _ => format!("npm could not be started: {error}"),
    })?;
    if told.status.success() {
        return Ok(());
    }
    let text = [told.stdout, told.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let last: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = last.get(last.len().saturating_sub(15)..).unwrap_or_default().join(" | ");
    Err(format!("npm {} failed: {last}", words.join(" ")))
}

/// FNV-1a over names and contents: it tells changes apart, nobody has to be kept from forging one.
fn fingerprint(ui: &Path, names: &[&str]) -> io::Result<String> {
    let mut files = Vec::new();
    for name in names {
        walk(&ui.join(name), &mut files)?;
    }
    files.sort();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for file in &files {
        for byte in file.to_string_lossy().bytes().chain([0]).chain(fs::read(file)?) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(format!("{hash:016x}\n"))
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    fs::read_dir(path)?.try_for_each(|entry| walk(&entry?.path(), files))
}

fn note(dist: &Path) -> io::Result<()> {
    let _ = fs::remove_dir_all(dist);
    fs::create_dir_all(dist)?;
    fs::write(dist.join("index.html"), NOTE)
}
