//! The console: one file per group of subcommands, one table of them here.
//!
//! Commands about the box's data are clients of the REST API ([`console`]). Exit codes: 0 done, 1 refused or failed
//! with the reason and the next step on standard error, 2 the command line is wrong.

mod accept;
mod alarm;
mod audit;
pub mod ca;
pub mod check_config;
mod console;
mod device;
mod enrollment;
mod explain;
mod file;
mod firmware;
mod group;
pub mod identify;
mod import;
mod key;
mod layer;
mod line;
mod mail;
mod network;
mod notification;
mod openapi;
mod profile;
mod secret;
pub mod serve;
pub mod service;
mod setup;
mod site;
mod table;
mod token;
mod transfer;
mod webhook;

use crate::config::{self, Environment, Flags, PlaceFlags};
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use console::Client;
use std::fmt::Display;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "phonebox", version, about = "Gives desk phones their own configuration, and says why")]
struct Cli {
    #[command(flatten)]
    _place: Anywhere,
    #[command(subcommand)]
    command: Commands,
}

#[derive(Subcommand)]
enum Commands {
    /// Start the box
    Serve(Flags),
    /// Why a phone got what it got, and what is to be done
    Explain(Leaf<explain::Explain>),
    /// The file a phone would get, secrets masked
    Preview(Leaf<explain::Preview>),
    /// Phones: add, show, list, change, activate, let in again, import, export
    Device(Group<device::Commands>),
    /// Settings and raw vendor texts of a layer
    Layer(Group<layer::Commands>),
    /// How devices are provisioned, and where they are sent
    Profile(Group<profile::Commands>),
    /// Places whose devices share a profile and settings
    Site(Group<site::Commands>),
    /// Devices that share settings across sites
    Group(Group<group::Commands>),
    /// What phones may do by where they come from
    Network(Group<network::Commands>),
    /// Firmware, languages, images, certificates and ringtones for phones
    File(Group<file::Commands>),
    /// Which firmware phones are to run: the latest, a release, or what they have
    Firmware(Group<firmware::Commands>),
    /// How phones come to certificates: challenges, requests that wait, files; and what wrong enrollment codes do
    Enrollment(Group<enrollment::Commands>),
    /// What needs a hand
    Alarm(Group<alarm::Commands>),
    /// Who changed what
    Audit(Leaf<audit::Audit>),
    /// The mail server, and mails on their way
    Mail(Group<mail::Commands>),
    /// Which notifications are mailed, and to whom
    Notification(Group<notification::Commands>),
    /// Addresses of programs that events are sent to
    Webhook(Group<webhook::Commands>),
    /// The key that seals the secrets
    Key(Group<key::Commands>),
    /// Make the first user of a fresh box
    Setup(Leaf<setup::Setup>),
    /// Give a lost administrator a temporary password
    ResetAdmin(Leaf<setup::ResetAdmin>),
    /// The API key of the box itself
    Token(Group<token::Commands>),
    /// The certificate authority: its root, the certificates it gave, what ends soon
    Ca(Group<ca::Ca>),
    /// Print the whole configuration, with the place each value came from
    CheckConfig(check_config::CheckConfig),
    /// Install or remove the systemd service
    #[command(subcommand)]
    Service(service::Service),
    /// Print the API's OpenAPI document
    Openapi,
    /// JSON Lines in, one identity per line out
    Identify,
}

/// Commands that ask no box, and therefore not which.
const BOXLESS: [&str; 3] = ["service", "openapi", "identify"];

fn command() -> Command {
    let hidden = |one: Command| place_args().fold(one, |one, arg| one.arg(arg.hide(true)));
    BOXLESS.into_iter().fold(Cli::command(), |command, name| command.mut_subcommand(name, hidden))
}

/// The command line of this process; a wrong one ends it.
fn parse() -> Commands {
    let matches = command().get_matches();
    if let Some((name, own)) = matches.subcommand().filter(|(name, _)| BOXLESS.contains(name))
        && let Some(flag) = place_args().find(|arg| own.contains_id(arg.get_id().as_str()))
    {
        let text = format!("--{} says which box is meant, and phonebox {name} asks none: leave it out", flag.get_id());
        command().error(ErrorKind::ArgumentConflict, text).exit();
    }
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command()).exit()).command
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let outcome = match parse() {
        Commands::Serve(flags) => serve::run(&flags),
        Commands::Explain(leaf) => {
            ask(&leaf.common, async |client| explain::run(client, leaf.command, leaf.common.json).await)
        }
        Commands::Preview(leaf) => {
            ask(&leaf.common, async |client| explain::preview(client, leaf.command, leaf.common.json).await)
        }
        Commands::Device(group) => {
            ask(&group.common, async |client| device::run(client, group.command, group.common.json).await)
        }
        Commands::Layer(group) => {
            ask(&group.common, async |client| layer::run(client, group.command, group.common.json).await)
        }
        Commands::Profile(group) => {
            ask(&group.common, async |client| profile::run(client, group.command, group.common.json).await)
        }
        Commands::Site(group) => {
            ask(&group.common, async |client| site::run(client, group.command, group.common.json).await)
        }
        Commands::Group(group) => {
            ask(&group.common, async |client| group::run(client, group.command, group.common.json).await)
        }
        Commands::Network(group) => {
            ask(&group.common, async |client| network::run(client, group.command, group.common.json).await)
        }
        Commands::File(group) => {
            ask(&group.common, async |client| file::run(client, group.command, group.common.json).await)
        }
        Commands::Firmware(group) => {
            ask(&group.common, async |client| firmware::run(client, group.command, group.common.json).await)
        }
        Commands::Key(group) => {
            ask(&group.common, async |client| key::run(client, group.command, group.common.json).await)
        }
        Commands::Enrollment(group) => {
            ask(&group.common, async |client| enrollment::run(client, group.command, group.common.json).await)
        }
        Commands::Alarm(group) => {
            ask(&group.common, async |client| alarm::run(client, group.command, group.common.json).await)
        }
        Commands::Audit(leaf) => {
            ask(&leaf.common, async |client| audit::run(client, leaf.command, leaf.common.json).await)
        }
        Commands::Mail(group) => {
            ask(&group.common, async |client| mail::run(client, group.command, group.common.json).await)
        }
        Commands::Notification(group) => {
            ask(&group.common, async |client| notification::run(client, group.command, group.common.json).await)
        }
        Commands::Webhook(group) => {
            ask(&group.common, async |client| webhook::run(client, group.command, group.common.json).await)
        }
        Commands::Setup(leaf) => {
            ask(&leaf.common, async |client| setup::run(client, leaf.command, leaf.common.json).await)
        }
        Commands::ResetAdmin(leaf) => {
            ask(&leaf.common, async |client| setup::reset(client, leaf.command, leaf.common.json).await)
        }
        Commands::Token(group) => {
            ask(&group.common, async |client| token::run(client, group.command, group.common.json).await)
        }
        // It reads a public file: a box that cannot start tells it too.
        Commands::Ca(Group { common, command: ca::Ca::Fingerprint }) => {
            ca::fingerprint(&common.place).map(|line| table::say(&line)).map_err(Failure::plain)
        }
        Commands::Ca(group) => {
            ask(&group.common, async |client| ca::run(client, group.command, group.common.json).await)
        }
        Commands::CheckConfig(command) => match command.run(&Environment::of_process(), std::io::stdout().lock()) {
            Ok(written) => written.map_err(Failure::plain),
            Err(error) => Err(Failure { exit: config::EXIT, ..Failure::plain(error) }),
        },
        Commands::Service(command) => match std::env::current_exe() {
            Ok(program) => command.run(&program, std::io::stdout().lock()).map_err(Failure::plain),
            Err(error) => Err(Failure::plain(error)),
        },
        Commands::Openapi => openapi::run(),
        Commands::Identify => {
            let (input, output) = (std::io::stdin().lock(), std::io::BufWriter::new(std::io::stdout().lock()));
            identify::run(input, output).map_err(Failure::plain)
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            if !failure.next.is_empty() {
                eprintln!("{}", failure.next);
            }
            ExitCode::from(failure.exit)
        }
    }
}

/// Why a command did not do what it was told, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    message: String,
    next: String,
    exit: u8,
}

impl Failure {
    fn new(message: impl Display, next: impl Display) -> Failure {
        Failure { message: message.to_string(), next: next.to_string(), exit: 1 }
    }

    /// For words that say the next step themselves.
    fn plain(error: impl Display) -> Failure {
        Failure::new(error, "")
    }
}

/// A group of subcommands that ask a box.
#[derive(Args)]
struct Group<T: Subcommand> {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: T,
}

/// One command that asks a box.
#[derive(Args)]
struct Leaf<T: Args> {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    command: T,
}

/// Which box is meant, said before the subcommand or after it; [`Common`] and `serve` read it where they are.
struct Anywhere;

fn place_args() -> impl Iterator<Item = Arg> {
    let place = PlaceFlags::augment_args(Command::new("place"));
    place.get_arguments().map(|arg| arg.clone().global(true)).collect::<Vec<_>>().into_iter()
}

impl FromArgMatches for Anywhere {
    fn from_arg_matches(_: &ArgMatches) -> Result<Anywhere, clap::Error> {
        Ok(Anywhere)
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), clap::Error> {
        Ok(())
    }
}

impl Args for Anywhere {
    fn augment_args(command: Command) -> Command {
        place_args().fold(command, Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Anywhere::augment_args(command)
    }
}

/// Which box, and how to print. Accepted anywhere in the command.
struct Common {
    place: PlaceFlags,
    json: bool,
}

impl FromArgMatches for Common {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Common, clap::Error> {
        Ok(Common { place: PlaceFlags::from_arg_matches(matches)?, json: matches.get_flag("json") })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.place.update_from_arg_matches(matches)?;
        self.json |= matches.get_flag("json");
        Ok(())
    }
}

impl Args for Common {
    fn augment_args(command: Command) -> Command {
        let json = Arg::new("json").long("json").action(clap::ArgAction::SetTrue).help("Print the API's JSON");
        command.arg(json.global(true))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Common::augment_args(command)
    }
}

fn ask(common: &Common, work: impl AsyncFnOnce(&Client) -> Result<(), Failure>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::plain)?;
    runtime.block_on(async {
        let client = Client::open(&common.place).await?;
        let outcome = work(&client).await;
        client.close().await;
        outcome
    })
}
