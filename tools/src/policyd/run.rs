//! Start, signals and end.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::judge::Judge;
use crate::log::{Level, Log};
use crate::metrics;
use crate::policyd::args::fail;
use crate::policyd::connection::Shared;
use crate::policyd::service::Service;
use crate::policyd::{idle, server};
use crate::systemd;

/// How much longer than the deadline the end of the daemon waits for answers.
const GRACE: Duration = Duration::from_secs(2);

/// Runs until a signal ends it.
pub(super) fn run(file: PathBuf, config: Config) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}"), 1),
    };
    let ended = runtime.block_on(daemon(file, config));
    // Checks that nobody waits for any more are dropped.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => fail(&format!("cannot start: {text}"), 1),
    }
}

async fn daemon(file: PathBuf, config: Config) -> Result<(), String> {
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

    for finding in config.settings.lists.findings() {
        log.line(Level::Warning, format_args!("list: {finding}"));
    }
    for listener in &listeners {
        log.line(Level::Info, format_args!("listening on {listener}"));
    }
    if let Some(Ok(address)) = page.as_ref().map(TcpListener::local_addr) {
        log.line(Level::Info, format_args!("metrics on http://{address}/metrics"));
    }
    tell_events(judge.events(), log.clone());
    let mut watching = watch_lists(&judge, &config);
    let mode = config.mode.word();
    let service = Arc::new(Service::new(config, judge, log.clone()));
    let (stop, stopped) = watch::channel(false);
    let shared = Arc::new(Shared { service: Arc::clone(&service), idle: idle::Idle::default(), stop: stopped });
    let places = Arc::new(server::Places::new(fixed.connections));
    let serving: Vec<JoinHandle<()>> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(server::serve(listener, Arc::clone(&shared), Arc::clone(&places))))
        .collect();
    if let Some(listener) = page {
        let service = Arc::clone(&service);
        tokio::spawn(metrics::serve(listener, move || {
            metrics::page(&service.metrics, &service.judge.stats(), &service.judge.health(), service.log.lost())
        }));
    }
    systemd::ready();
    log.line(Level::Info, format_args!("rdnsbl-policyd {} started, mode={mode}", env!("CARGO_PKG_VERSION")));

    while signals.next().await == Wanted::Reload {
        systemd::reloading();
        if reload(&file, &service) {
            watching.iter().for_each(JoinHandle::abort);
            watching = watch_lists(&service.judge, &service.config());
        }
        systemd::ready();
    }
    systemd::stopping();
    log.line(Level::Info, "rdnsbl-policyd stops");
    serving.iter().for_each(JoinHandle::abort);
    stop.send_replace(true);
    // Whoever takes longer is overdue anyway.
    let _ = tokio::time::timeout(service.config().deadline + GRACE, places.all_free()).await;
    log.finish();
    Ok(())
}

/// Takes the file's new configuration, or says why not.
fn reload(file: &Path, service: &Service) -> bool {
    let config = match super::read(file) {
        Ok(config) => config,
        Err(text) => {
            service.metrics.broken_reloads.one();
            for line in text.lines() {
                service.log.line(Level::Error, format_args!("reload: {line}"));
            }
            service.log.line(Level::Error, "reload: the configuration is unchanged");
            return false;
        }
    };
    if config.fixed != service.config().fixed {
        let keys = "listen, socket_mode, metrics, connections, instances or [resolver]";
        service.log.line(Level::Warning, format_args!("reload: a change of {keys} needs a restart"));
    }
    for finding in config.settings.lists.findings() {
        service.log.line(Level::Warning, format_args!("list: {finding}"));
    }
    let mode = config.mode.word();
    service.reload(config);
    service.metrics.reloads.one();
    service.log.line(Level::Info, format_args!("reload: done, mode={mode}"));
    true
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
enum Wanted {
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

    async fn next(&mut self) -> Wanted {
        tokio::select! {
            _ = self.hangup.recv() => Wanted::Reload,
            _ = self.terminate.recv() => Wanted::Stop,
            _ = self.interrupt.recv() => Wanted::Stop,
        }
    }
}
