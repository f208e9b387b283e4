//! `phonebox serve`: configuration, data directory, listeners, one start screen, and an orderly end.

use super::Failure;
use crate::config::{self, Environment, Flags};
use crate::datadir::DataDir;
use crate::server::{self, interfaces, process, run_file, screen::Screen};
use crate::{clock, telemetry};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

pub fn run(flags: &Flags) -> Result<(), Failure> {
    process::prepare();
    let loaded = config::load(flags, &Environment::of_process())
        .map_err(|error| Failure { exit: config::EXIT, ..Failure::plain(error) })?;
    telemetry::init(&loaded.config.log);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(Failure::plain)?;
    runtime.block_on(serve(loaded.config))
}

async fn serve(config: config::Config) -> Result<(), Failure> {
    // Before the listeners: a signal that comes while they start must not kill them half-way.
    let mut term = signal(SignalKind::terminate()).map_err(Failure::plain)?;
    let mut int = signal(SignalKind::interrupt()).map_err(Failure::plain)?;
    let dir = DataDir::open(&config.data, config.key_file.as_deref(), clock::now()).map_err(Failure::plain)?;
    let (data, key) = (dir.path.clone(), dir.keys.path().to_path_buf());
    // One that a killed box left behind must never look ready.
    run_file::remove(&data);
    let server = server::start(&config, dir).await.map_err(Failure::plain)?;
    run_file::write(&data, &server.addresses).map_err(Failure::plain)?;
    let program = std::env::current_exe().unwrap_or_else(|_| "phonebox".into());
    let screen = Screen {
        config: &config,
        addresses: &server.addresses,
        interfaces: &interfaces::list(),
        data: &data,
        key: &key,
        setup_code: server.setup_code.as_ref(),
        fingerprint: &server.fingerprint,
        program: &program,
    };
    println!("{}", screen.text());
    process::notify_ready();
    // Once the background tasks have had their first round: they need the most then.
    tokio::spawn(async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        process::trim();
    });
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tracing::info!("stopping");
    process::notify_stopping();
    run_file::remove(&data);
    server.stop().await;
    Ok(())
}
