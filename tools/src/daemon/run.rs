//! Start, signals and end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rdnsbl::inquiry::SettingsFinding;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::core::Core;
use crate::daemon::log::{Level, Log};
use crate::daemon::program::Program;
use crate::daemon::{connection, describe, file, metrics, server, systemd};
use crate::judge::Judge;

/// How much longer than the deadline the end of the daemon waits for answers.
const GRACE: Duration = Duration::from_secs(2);

/// Runs until a signal ends it.
pub(super) fn run<P: Program>(path: PathBuf, config: Config) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let ended = runtime.block_on(daemon::<P>(path, config));
    // Checks that nobody waits for any more are dropped.
    runtime.shutdown_background();
    ended
}

async fn daemon<P: Program>(path: PathBuf, config: Config) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let log = Log::start().map_err(text)?;
    let mut signals = Signals::new().map_err(text)?;
    let fixed = config.fixed.clone();
    let judge = Judge::new(&config).map_err(|error| error.to_string())?;
    let (listeners, _files) = server::open(&fixed, systemd::sockets().map_err(text)?).await?;
    let page = match fixed.metrics {
        Some(address) => Some(metrics::bind(address).await.map_err(|error| format!("metrics {address}: {error}"))?),
        None => None,
    };

    warn(&log, &config);
    for listener in &listeners {
        log.line(Level::Info, format_args!("listening on {listener}"));
    }
    if let Some(Ok(address)) = page.as_ref().map(TcpListener::local_addr) {
        log.line(Level::Info, format_args!("metrics on http://{address}/metrics"));
    }
    tell_events(judge.events(), log.clone());
    let mut watching = watch_lists(&judge, &config);
    let mode = config.profile("").mode.word();
    let program = Arc::new(P::new(Core::new(config, judge, log.clone())));
    let (stop, stopped) = watch::channel(false);
    let places = server::Places::new(fixed.connections);
    let shared =
        Arc::new(server::Shared { program, places, idle: Arc::new(connection::Idle::default()), stop: stopped });
    let serving: Vec<JoinHandle<()>> =
        listeners.into_iter().map(|listener| tokio::spawn(server::serve(listener, Arc::clone(&shared)))).collect();
    if let Some(listener) = page {
        let shared = Arc::clone(&shared);
        tokio::spawn(metrics::serve(listener, move || shared.program.core().page()));
    }
    let core = shared.program.core();
    systemd::ready();
    log.line(Level::Info, format_args!("{} {} started, mode={mode}", P::NAME, env!("CARGO_PKG_VERSION")));

    while signals.next().await == SignalAction::Reload {
        systemd::reloading();
        if reload::<P>(&path, core) {
            watching.iter().for_each(JoinHandle::abort);
            watching = watch_lists(&core.judge, &core.config());
        }
        systemd::ready();
    }
    systemd::stopping();
    log.line(Level::Info, format_args!("{} stops", P::NAME));
    serving.iter().for_each(JoinHandle::abort);
    stop.send_replace(true);
    // A connection that takes longer is late anyway.
    let _ = tokio::time::timeout(core.config().deadline + GRACE, shared.places.all_free()).await;
    log.finish();
    Ok(())
}

/// Takes the file's new configuration, or says why not.
fn reload<P: Program>(path: &Path, core: &Core) -> bool {
    let config = match file::read::<P>(path) {
        Ok(config) => config,
        Err(file) => {
            core.metrics.broken_reloads.one();
            for line in file.mistakes {
                core.log.line(Level::Error, format_args!("reload: {line}"));
            }
            core.log.line(Level::Error, "reload: the configuration is unchanged");
            return false;
        }
    };
    if config.fixed != core.config().fixed {
        let keys = "listen, socket_mode, metrics, connections, instances or [resolver]";
        core.log.line(Level::Warning, format_args!("reload: a change of {keys} needs a restart"));
    }
    warn(&core.log, &config);
    let mode = config.profile("").mode.word();
    core.reload(config);
    core.metrics.reloads.one();
    core.log.line(Level::Info, format_args!("reload: done, mode={mode}"));
    true
}

/// Logs what the administrator should know about the configuration.
fn warn(log: &Log, config: &Config) {
    for (level, finding) in describe::findings(config) {
        let about = if matches!(finding, SettingsFinding::List(_)) { "list" } else { "settings" };
        log.line(level, format_args!("{about}: {finding}"));
    }
}

fn watch_lists(judge: &Judge, config: &Config) -> Option<JoinHandle<()>> {
    config
        .watch
        .filter(|_| config.settings.lists.iter().next().is_some())
        .map(|every| tokio::spawn(judge.clone().watch(every)))
}

/// Writes what happens to lists and to the resolver into the log.
fn tell_events(mut events: rdnsbl::Events, log: Log) {
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            log.line(Level::Warning, format_args!("event: {event}"));
        }
    });
}

/// What a signal means.
#[derive(PartialEq, Eq)]
enum SignalAction {
    Reload,
    Stop,
}

struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> SignalAction {
        tokio::select! {
            _ = self.hangup.recv() => SignalAction::Reload,
            _ = self.terminate.recv() => SignalAction::Stop,
            _ = self.interrupt.recv() => SignalAction::Stop,
        }
    }
}
