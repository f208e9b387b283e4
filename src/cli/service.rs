//! `phonebox service install|remove`: the box as a systemd service with a user of its own and the real ports.
//!
//! What will be done is a list of steps made first, so that `--dry-run` shows exactly what a real run does. Data and
//! configuration are never removed. See systemd.unit(5), sysusers.d(5).

use crate::datadir;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

const UNIT: &str = include_str!("../../packaging/phonebox.service");
const USER: &str = include_str!("../../packaging/phonebox.sysusers");
const CONFIG: &str = include_str!("../../packaging/phonebox.toml");

const PROGRAM_PATH: &str = "/usr/local/bin/phonebox";
const UNIT_PATH: &str = "/etc/systemd/system/phonebox.service";
const USER_PATH: &str = "/etc/sysusers.d/phonebox.conf";
const CONFIG_PATH: &str = "/etc/phonebox/phonebox.toml";
const DATA_PATH: &str = "/var/lib/phonebox";
const NAME: &str = "phonebox.service";

#[derive(clap::Subcommand)]
pub enum Service {
    /// Install or update the systemd service: own user, ports 80, 443 and 69, started with the machine
    Install {
        /// Take the data of a box that was tried out before; it must be stopped
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
        #[command(flatten)]
        how: How,
    },
    /// Stop and remove the service; data and configuration stay
    Remove {
        #[command(flatten)]
        how: How,
    },
}

#[derive(clap::Args)]
pub struct How {
    /// Show what would be done and change nothing
    #[arg(long, visible_alias = "print")]
    dry_run: bool,
    /// Install into a system image at this place; nothing is started
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
}

enum Step {
    Program {
        from: PathBuf,
        to: PathBuf,
    },
    Write {
        path: PathBuf,
        text: &'static str,
    },
    Data {
        from: PathBuf,
        to: PathBuf,
    },
    Delete(PathBuf),
    Run(Vec<String>),
    Say(String),
    /// What is so once it was done.
    Done(&'static str),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Program { from, to } => write!(f, "copy {} to {}", from.display(), to.display()),
            Step::Write { path, .. } => write!(f, "write {}", path.display()),
            Step::Data { from, to } => write!(f, "copy the data of {} to {}", from.display(), to.display()),
            Step::Delete(path) => write!(f, "delete {}", path.display()),
            Step::Run(words) => write!(f, "run {}", words.join(" ")),
            Step::Say(text) => f.write_str(text),
            Step::Done(text) => f.write_str(text),
        }
    }
}

impl Service {
    /// `program` is this binary. Errors are one line that names the step and the next one.
    pub fn run(&self, program: &Path, mut out: impl Write) -> Result<(), String> {
        let (how, steps) = match self {
            Service::Install { from, how } => (how, install(program, from.as_deref(), how)),
            Service::Remove { how } => (how, remove(how)),
        };
        if how.dry_run {
            return print(&steps, &mut out).map_err(|error| error.to_string());
        }
        how.check()?;
        // Whatever refuses does so before the first write; the box that moves in stays stopped until it has.
        let _locks = steps.iter().map(Step::check).collect::<Result<Vec<_>, _>>()?;
        for step in &steps {
            let _ = writeln!(out, "{step}");
            step.run()?;
        }
        Ok(())
    }
}

fn print(steps: &[Step], out: &mut impl Write) -> io::Result<()> {
    for step in steps.iter().filter(|step| !matches!(step, Step::Done(_))) {
        writeln!(out, "{step}")?;
        if let Step::Write { text, .. } = step {
            text.lines().try_for_each(|line| writeln!(out, "    {line}"))?;
        }
    }
    Ok(())
}

impl How {
    fn is_live(&self) -> bool {
        self.root == Path::new("/")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    fn check(&self) -> Result<(), String> {
        if self.is_live() && !crate::server::process::is_root() {
            return Err(
                "the service can be changed by root only. Put sudo in front, or look first with --dry-run".into()
            );
        }
        if self.is_live() && !Path::new("/run/systemd/system").exists() {
            return Err("systemd does not run on this machine. Start `phonebox serve` from what does, \
                        or write the files into an image with --root DIR"
                .into());
        }
        Ok(())
    }

    fn systemctl(&self, words: &[&str]) -> Step {
        let mut line = vec!["systemctl".to_owned()];
        if !self.is_live() {
            line.push(format!("--root={}", self.root.display()));
        }
        line.extend(words.iter().map(ToString::to_string));
        Step::Run(line)
    }
}

fn install(program: &Path, from: Option<&Path>, how: &How) -> Vec<Step> {
    let run = |words: &[&str]| Step::Run(words.iter().map(ToString::to_string).collect());
    let mut steps = Vec::new();
    let to = how.at(PROGRAM_PATH);
    if program != to {
        steps.push(Step::Program { from: program.into(), to });
    }
    steps.push(Step::Write { path: how.at(UNIT_PATH), text: UNIT });
    steps.push(Step::Write { path: how.at(USER_PATH), text: USER });
    let config = how.at(CONFIG_PATH);
    if config.exists() {
        steps.push(Step::Say(format!("keep {}", config.display())));
    } else {
        steps.push(Step::Write { path: config.clone(), text: CONFIG });
    }
    if how.is_live() {
        steps.push(run(&["systemd-sysusers", USER_PATH]));
        steps.push(run(&["systemctl", "daemon-reload"]));
    }
    if let Some(from) = from {
        let data = how.at(DATA_PATH);
        steps.push(Step::Data { from: from.into(), to: data });
        if how.is_live() {
            steps.push(run(&["chown", "-R", "phonebox:phonebox", DATA_PATH]));
        }
        if from.join("phonebox.toml").exists() {
            let own = from.join("phonebox.toml");
            let text = format!("note: the service reads {}, not {}", config.display(), own.display());
            steps.push(Step::Say(text));
        }
    }
    steps.push(how.systemctl(&["enable", NAME]));
    if how.is_live() {
        steps.push(how.systemctl(&["restart", NAME]));
        let text = "Phonebox runs. What phones and people need: journalctl -u phonebox -b. An API token: phonebox token rotate";
        steps.push(Step::Done(text));
    }
    steps
}

fn remove(how: &How) -> Vec<Step> {
    let mut steps = Vec::new();
    if how.at(UNIT_PATH).exists() {
        steps.push(how.systemctl(&["disable", NAME]));
        if how.is_live() {
            steps.push(how.systemctl(&["stop", NAME]));
        }
    }
    steps.extend([UNIT_PATH, USER_PATH, PROGRAM_PATH].map(|path| Step::Delete(how.at(path))));
    if how.is_live() {
        steps.push(how.systemctl(&["daemon-reload"]));
    }
    let (data, config) = (how.at(DATA_PATH), how.at(CONFIG_PATH));
    steps.push(Step::Say(format!("kept: {}, {} and the user phonebox", data.display(), config.display())));
    steps
}

impl Step {
    /// Whether it can be done; of data that is copied, its lock.
    fn check(&self) -> Result<Option<File>, String> {
        match self {
            Step::Program { from, .. } if !from.is_file() => Err(format!("{self}: {} is no file", from.display())),
            Step::Data { from, to } => may_take(from, to).map(Some).map_err(|error| format!("{self}: {error}")),
            _ => Ok(None),
        }
    }

    fn run(&self) -> Result<(), String> {
        let fail = |error: io::Error| format!("{self}: {error}");
        match self {
            Step::Program { from, to } => {
                let bytes = std::fs::read(from).map_err(fail)?;
                put(to, &bytes, 0o755).map_err(fail)
            }
            Step::Write { path, text } => put(path, text.as_bytes(), 0o644).map_err(fail),
            Step::Data { from, to } => {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(fail)?;
                copy(from, to).map_err(fail)
            }
            Step::Delete(path) => match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fail(error)),
                _ => Ok(()),
            },
            Step::Run(words) => run(words).map_err(|error| format!("{self}: {error}")),
            Step::Say(_) | Step::Done(_) => Ok(()),
        }
    }
}

/// Whole or not at all: a running program is replaced, never written into.
fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    // The process's own umask is for the data directory; these files are everybody's to read.
    let mut missing: Vec<&Path> = parent.ancestors().take_while(|dir| !dir.exists()).collect();
    while let Some(dir) = missing.pop() {
        std::fs::create_dir(dir)?;
        std::fs::set_permissions(dir, PermissionsExt::from_mode(0o755))?;
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    std::fs::write(&part, bytes)?;
    std::fs::set_permissions(&part, PermissionsExt::from_mode(mode))?;
    std::fs::rename(part, path)
}

fn run(words: &[String]) -> Result<(), String> {
    let Some((program, words)) = words.split_first() else { return Ok(()) };
    let status = Command::new(program).args(words).status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("it ended with {status}")) }
}

/// The lock of a stopped box that may move in.
fn may_take(from: &Path, to: &Path) -> Result<File, String> {
    if to.join(datadir::DATABASE).exists() {
        return Err(format!("{} holds a box already, and nothing is overwritten. Leave --from out", to.display()));
    }
    if !from.join(datadir::DATABASE).exists() {
        return Err(format!("{} holds no Phonebox", from.display()));
    }
    datadir::lock(from).map_err(|error| error.to_string())
}

/// The original stays as it is. Files and directories only: sockets, the lock and what a running box writes about itself
/// stay behind. The database comes last, so that a copy that broke off is not taken for a box.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    const STAY: [&str; 5] = ["phonebox.lock", "phonebox.db-shm", "phonebox.toml", "run.json", "run.json.part"];
    let mut entries = std::fs::read_dir(from)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(|entry| entry.file_name() == datadir::DATABASE);
    for entry in entries {
        let (kind, name) = (entry.file_type()?, entry.file_name());
        let target = to.join(&name);
        if kind.is_dir() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&target)?;
            copy(&entry.path(), &target)?;
        } else if kind.is_file() && !STAY.iter().any(|stay| name == *stay) {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
