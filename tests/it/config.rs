//! Configuration: strength of the sources, and errors that say file, line, key, value, rule and next step.

use phonebox::config::{Bind, Environment, Flags, Loaded, load};
use std::path::Path;

fn env(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn with(file: &str, vars: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Loaded, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("phonebox.toml");
    std::fs::write(&path, file).unwrap();
    let mut given = Flags::default();
    given.config = Some(path);
    for (flag, text) in flags {
        given.set(flag, *text);
    }
    let home = [("HOME", "/home/installer")];
    load(&given, &env(&[vars, &home].concat())).map_err(|error| error.to_string())
}

fn bind(text: &str) -> Bind {
    Bind::On(vec![text.parse().unwrap()])
}

#[test]
fn nothing_given_is_a_whole_configuration() {
    let Loaded { config, warnings, file, .. } = load(&Flags::default(), &env(&[("HOME", "/nowhere")])).unwrap();
    assert_eq!(config.listen.admin, bind("[::]:8443"));
    assert_eq!(config.listen.http, bind("[::]:8080"));
    assert_eq!(config.listen.https, bind("[::]:8444"));
    assert_eq!(config.listen.tftp, bind("[::]:6969"));
    assert_eq!((config.provision.window_hours, config.limits.misses_per_minute), (24, 30));
    assert_eq!((config.uploads.file_bytes, config.uploads.device_bytes), (1 << 20, 1 << 20));
    assert!(config.trusted_proxies.is_empty() && warnings.is_empty() && file.is_none());
}

#[test]
fn flags_beat_environment_beats_file_beats_default() {
    let file = "[listen]\nhttp = 1001\nhttps = 1002\ntftp = \"off\"\n[checkins]\ndays = 7\n";
    let vars = [("PHONEBOX_HTTP", "2001"), ("PHONEBOX_HTTPS", "2002"), ("PHONEBOX_CHECKINS_ROWS", "")];
    let loaded = with(file, &vars, &[("http", "127.0.0.1:0")]).unwrap();
    let config = &loaded.config;
    assert_eq!(config.listen.http, bind("127.0.0.1:0"));
    assert_eq!(config.listen.https, bind("[::]:2002"));
    assert_eq!(config.listen.tftp, Bind::Off);
    assert_eq!(config.listen.admin, bind("[::]:8443"));
    assert_eq!((config.checkins.days, config.checkins.rows), (7, 1_000_000));
    let toml = loaded.to_toml();
    for (line, source) in [
        ("http = [\"127.0.0.1:0\"]", "# flag --http"),
        ("https = [\"2002\"]", "# environment PHONEBOX_HTTPS"),
        ("tftp = [\"off\"]", "phonebox.toml line 4"),
        ("admin = [\"8443\"]", "# default"),
    ] {
        let found = toml.lines().find(|shown| shown.starts_with(line)).unwrap_or_else(|| panic!("{line}\n{toml}"));
        assert!(found.contains(source), "{found}");
    }
    // What is printed is a configuration file again, and means the same.
    let again = with(&toml, &[], &[]).unwrap();
    assert_eq!(format!("{:?}", again.config), format!("{:?}", loaded.config));
}

#[test]
fn an_error_names_file_line_key_value_rule_and_next_step() {
    let file = "trusted_proxies = [\"10.0.0.0/8\", \"x\"]\n\n[listen]\nhttp = \"eighty\"\nhtps = 1\n[uploads]\nfile_bytes = true\n";
    let error = with(file, &[("PHONEBOX_TFTP", "70000")], &[("window-hours", "0")]).err().unwrap();
    let line = |start: &str| {
        let found = error.lines().find(|line| line.contains(start));
        found.unwrap_or_else(|| panic!("{start} not in\n{error}"))
    };
    let http = line("listen.http = \"eighty\"");
    assert!(http.contains("phonebox.toml line 4: ") && http.contains("0 to 65535") && http.contains("8080"), "{http}");
    assert!(line("there is no key listen.htps").contains("line 5: "));
    assert!(line("there is no key listen.htps").contains("Did you mean listen.http"));
    assert!(line("uploads.file_bytes is a boolean").contains("line 7: "));
    assert!(line("trusted_proxies = ").contains("line 1: ") && line("trusted_proxies = ").contains("192.168.10.0/24"));
    assert!(line("trusted_proxies = ").contains("holds \"x\", which is no network"));
    let error = with("", &[], &[("trusted-proxies", "10.0.0.0/33")]).err().unwrap();
    assert_eq!(error.matches("10.0.0.0/33").count(), 1, "{error}");
    let every = "phonebox check-config --config /dev/null";
    assert!(line("there is no key listen.htps").contains(every));
    let shown =
        std::process::Command::new(env!("CARGO_BIN_EXE_phonebox")).args(every.split(' ').skip(1)).output().unwrap();
    assert!(shown.status.success() && String::from_utf8_lossy(&shown.stdout).contains("upload_seconds"), "{shown:?}");
    assert!(line("listen.tftp = \"70000\"").contains("environment PHONEBOX_TFTP"));
    assert!(line("provision.window_hours = \"0\"").contains("flag --window-hours"));
}

#[test]
fn broken_toml_and_a_missing_file_are_named() {
    let error = with("[listen]\nhttp = = 1\n", &[], &[]).err().unwrap();
    assert!(error.contains("phonebox.toml line 2: is not TOML") && error.lines().count() == 1, "{error}");
    let mut flags = Flags::default();
    flags.config = Some("/nowhere/p.toml".into());
    let error = load(&flags, &env(&[])).err().unwrap().to_string();
    assert!(error.contains("/nowhere/p.toml") && error.contains("--config"), "{error}");
}

#[test]
fn keys_that_contradict_each_other_are_refused() {
    let error = with("[listen]\nhttp = 8443\n", &[], &[]).err().unwrap();
    assert!(error.contains("listen.admin and listen.http both want port 8443"), "{error}");
    let error = with("[uploads]\nfile_bytes = \"2 MiB\"\n", &[], &[]).err().unwrap();
    assert!(error.contains("uploads.device_bytes"), "{error}");
    let error = with("[ca]\nkey = \"ecdsa-p256\"\n[scep]\nold_phones = 8085\n", &[], &[]).err().unwrap();
    assert!(error.contains("ca.key = \"ecdsa-p256\"") && error.contains("scep.old_phones"), "{error}");
    assert!(with("[ca]\nkey = \"ecdsa-p256\"\n", &[], &[]).is_ok());
    assert!(with("[listen]\nhttp = \"127.0.0.1:80\"\nhttps = \"127.0.0.2:80\"\n", &[], &[]).is_ok());
}

#[test]
fn a_mistyped_variable_is_a_warning_because_others_set_such_names_too() {
    let loaded = with("", &[("PHONEBOX_HTPP", "1"), ("PHONEBOX_PORT_8080_TCP", "x")], &[]).unwrap();
    assert!(loaded.warnings.iter().any(|text| text.contains("PHONEBOX_HTPP") && text.contains("mean PHONEBOX_HTTP?")));
    assert_eq!(loaded.warnings.len(), 2);
}

#[test]
fn the_file_of_the_data_directory_is_found_and_cannot_move_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut flags = Flags::default();
    flags.set("data", dir.path().to_str().unwrap());
    std::fs::write(dir.path().join("phonebox.toml"), "key_file = \"keys/k\"\n").unwrap();
    let config = load(&flags, &env(&[])).unwrap().config;
    assert_eq!(config.data, dir.path());
    assert_eq!(config.key_file.unwrap(), dir.path().join("keys/k"));
    std::fs::write(dir.path().join("phonebox.toml"), "data = \"/elsewhere\"\n").unwrap();
    assert!(load(&flags, &env(&[])).err().unwrap().to_string().contains("--data"));
}

#[test]
fn the_default_place_follows_systemd_then_xdg_then_home() {
    let place = |vars: &[(&str, &str)]| load(&Flags::default(), &env(vars)).unwrap().config.data;
    let state = [("STATE_DIRECTORY", "/srv/state:/srv/other"), ("XDG_DATA_HOME", "/x"), ("HOME", "/h")];
    assert_eq!(place(&state), Path::new("/srv/state"));
    if !Path::new("/var/lib/phonebox").exists() {
        assert_eq!(place(&state[1..]), Path::new("/x/phonebox"));
        assert_eq!(place(&state[2..]), Path::new("/h/.local/share/phonebox"));
        assert_eq!(place(&[]), Path::new("phonebox-data"));
    }
}

#[test]
fn a_systemd_credential_is_the_key_unless_another_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let vars = [("CREDENTIALS_DIRECTORY", dir.path().to_str().unwrap())];
    assert_eq!(with("", &vars, &[]).unwrap().config.key_file, None);
    std::fs::write(dir.path().join("phonebox-key"), "").unwrap();
    assert_eq!(with("", &vars, &[]).unwrap().config.key_file, Some(dir.path().join("phonebox-key")));
    let named = with("", &vars, &[("key-file", "/k")]).unwrap().config.key_file;
    assert_eq!(named.as_deref(), Some(Path::new("/k")));
}

/// YMC-001 has five ports; here they are four, all of them to be changed, each with the same warning.
#[test]
fn ymc_001_every_port_has_a_default_can_be_changed_and_says_what_that_breaks() {
    let said = |words: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_phonebox"))
            .args(words)
            .env("HOME", "/nowhere")
            .env_remove("PHONEBOX_DATA")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let usual = said(&["check-config"]);
    for line in ["admin = [\"8443\"]", "http = [\"8080\"]", "https = [\"8444\"]", "tftp = [\"6969\"]"] {
        assert!(usual.contains(line), "{usual}");
    }
    assert!(!usual.contains("Warning"), "{usual}");
    let other = said(&["check-config", "--admin", "443", "--http", "80", "--https", "9989", "--tftp", "69"]);
    for line in ["admin = [\"443\"]", "http = [\"80\"]", "https = [\"9989\"]", "tftp = [\"69\"]"] {
        assert!(other.contains(line), "{other}");
    }
    let help = said(&["serve", "--help"]);
    let readme = include_str!("../../README.md");
    for text in [&help, readme] {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("do not change a port once phones know it"), "{words}");
    }
}
