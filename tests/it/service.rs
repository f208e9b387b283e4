//! The service: what is installed, how well it is fenced in, and that data outlives it.

use clap::Parser;
use phonebox::cli::service::Service;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    service: Service,
}

fn service(words: &[&str]) -> Result<String, String> {
    let cli = Cli::try_parse_from([&["phonebox"], words].concat()).unwrap();
    let mut out = Vec::new();
    let program = Path::new(env!("CARGO_BIN_EXE_phonebox"));
    cli.service.run(program, &mut out).map(|()| String::from_utf8(out).unwrap())
}

fn run(program: &str, words: &[&str]) -> (bool, String) {
    let output = Command::new(program).args(words).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn an_image_gets_program_unit_user_and_configuration_and_loses_only_what_is_not_data() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path.trim_start_matches('/'));
    let place = root.path().to_str().unwrap();
    service(&["install", "--root", place]).unwrap();
    let mode = |path: &str| std::fs::metadata(at(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("/usr/local/bin/phonebox"), 0o755);
    assert_eq!(mode("/etc/systemd/system/phonebox.service"), 0o644);
    assert_eq!(mode("/etc/phonebox"), 0o755);
    assert!(at("/etc/systemd/system/multi-user.target.wants/phonebox.service").symlink_metadata().is_ok());
    // An update keeps the configuration.
    std::fs::write(at("/etc/phonebox/phonebox.toml"), "[listen]\nhttp = 8080\n").unwrap();
    let said = service(&["install", "--root", place]).unwrap();
    assert!(said.contains("keep ") && said.contains("phonebox.toml"), "{said}");
    assert_eq!(std::fs::read_to_string(at("/etc/phonebox/phonebox.toml")).unwrap(), "[listen]\nhttp = 8080\n");
    let said = service(&["remove", "--root", place]).unwrap();
    assert!(said.contains("kept: "), "{said}");
    assert!(!at("/usr/local/bin/phonebox").exists() && !at("/etc/systemd/system/phonebox.service").exists());
    assert!(at("/etc/systemd/system/multi-user.target.wants/phonebox.service").symlink_metadata().is_err());
    assert!(at("/etc/phonebox/phonebox.toml").exists());
    service(&["remove", "--root", place]).unwrap();
}

#[test]
fn threat_096_the_unit_is_valid_and_fenced_in() {
    let root = tempfile::tempdir().unwrap();
    let unit = root.path().join("phonebox.service");
    let program = env!("CARGO_BIN_EXE_phonebox");
    let text = include_str!("../../packaging/phonebox.service").replace("/usr/local/bin/phonebox", program);
    std::fs::write(&unit, text).unwrap();
    let unit = unit.to_str().unwrap();
    let (valid, said) = run("systemd-analyze", &["verify", "--man=no", "--recursive-errors=no", unit]);
    assert!(valid && !said.contains("phonebox.service"), "{said}");
    // 0 is a service that can do nothing, 100 one that is not fenced in at all.
    let (good, said) = run("systemd-analyze", &["security", "--offline=true", "--threshold=20", "--no-pager", unit]);
    assert!(good, "{said}");
}

#[test]
fn the_installed_configuration_is_valid_and_gives_the_real_ports() {
    let mut flags = phonebox::config::Flags::default();
    flags.config = Some(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/phonebox.toml").into());
    let config = phonebox::config::load(&flags, &Default::default()).unwrap().config;
    let port = |bind: &phonebox::config::Bind| bind.addresses()[0].port();
    let listen = &config.listen;
    assert_eq!([&listen.admin, &listen.http, &listen.https, &listen.tftp].map(port), [8443, 80, 443, 69]);
}

#[test]
fn a_dry_run_shows_every_step_and_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let said = service(&["install", "--dry-run"]).unwrap();
    assert!(said.contains("run systemctl restart") && !said.contains("Phonebox runs"), "{said}");
    let said = service(&["install", "--dry-run", "--root", root.path().to_str().unwrap()]).unwrap();
    assert!(said.contains("AmbientCapabilities=CAP_NET_BIND_SERVICE") && said.contains("tftp = 69"), "{said}");
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    let said = service(&["install", "--print", "--from", "/srv/box"]).unwrap();
    for step in ["copy the data of /srv/box to /var/lib/phonebox", "run systemd-sysusers", "run systemctl restart"] {
        assert!(said.contains(step), "{step}\n{said}");
    }
}

#[test]
fn a_box_that_was_tried_out_moves_in_whole() {
    let home = tempfile::tempdir().unwrap();
    let old = home.path().join("box");
    let root = home.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let words = ["install", "--from", old.to_str().unwrap(), "--root", root.to_str().unwrap()];
    let untouched = || std::fs::read_dir(&root).unwrap().count() == 0;
    let error = service(&words).err().unwrap();
    assert!(error.contains("holds no Phonebox") && untouched(), "{error}");
    let open = phonebox::datadir::DataDir::open(&old, None, 1).unwrap();
    std::fs::create_dir(old.join("files")).unwrap();
    std::fs::write(old.join("files/abc"), "firmware").unwrap();
    let error = service(&words).err().unwrap();
    assert!(error.contains("in use by pid") && untouched(), "{error}");
    open.close();
    service(&words).unwrap();
    let new = root.join("var/lib/phonebox");
    assert_eq!(std::fs::read(new.join("files/abc")).unwrap(), b"firmware");
    assert_eq!(std::fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(std::fs::read(new.join("seal.key")).unwrap(), std::fs::read(old.join("seal.key")).unwrap());
    assert!(!new.join("phonebox.lock").exists());
    let moved = phonebox::datadir::DataDir::open_existing(&new, None, 2).unwrap();
    assert!(!moved.first_start);
    moved.close();
    // What stands there stays as it is, the program and the unit too.
    let (program, unit) = (root.join("usr/local/bin/phonebox"), root.join("etc/systemd/system/phonebox.service"));
    std::fs::write(&program, "an older one").unwrap();
    std::fs::remove_file(&unit).unwrap();
    let error = service(&words).err().unwrap();
    assert!(error.contains("holds a box already") && error.contains("Leave --from out"), "{error}");
    assert_eq!(std::fs::read(&program).unwrap(), b"an older one");
    assert!(!unit.exists());
}
