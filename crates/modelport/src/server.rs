//! The running gateway: one thread accepts connections, each of the others serves its share of
//! them on a runtime of its own, with connections to the providers that no other thread uses.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use hyper_util::server::graceful::GracefulShutdown;
use tokio::{
    runtime,
    sync::{
        Notify,
        mpsc::{Receiver, Sender, channel},
        watch,
    },
    time::{MissedTickBehavior, interval, timeout},
};

mod budgets;
mod connection;
mod preface;
mod reload;
mod webhook;

use crate::{
    accounting::keeper::Sink,
    app::{App, Seat, SetupFault},
    auth::stored::Stored,
    config::{Config, Database},
    endpoints,
    models::discovery,
    telemetry::{logs, traces::Traces},
};
use budgets::Budgets;
use connection::Connections;
pub use reload::Reloader;
use webhook::Webhook;

/// Connections that may wait for a thread to take them.
const MAX_WAITING: usize = 4096;

/// How often unused connections to providers are looked through.
const SWEEP: Duration = Duration::from_secs(10);

/// The pause after an accept that failed, which is mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long the last use of shared limits may take to be told to their server, and the last notices to the webhook.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The longest that the last spans may take to be sent.
const MAX_FLUSH: Duration = Duration::from_secs(5);

/// A gateway that listens and is about to serve.
pub struct Server {
    listener: TcpListener,
    reloader: Reloader,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The address cannot be listened on.
    #[error("cannot listen on {host}:{port}: {cause}. {}", remedy(cause))]
    Listen {
        /// As configured.
        host: String,
        /// As configured.
        port: u16,
        /// What the system said.
        cause: io::Error,
    },
    /// The configuration cannot be set up.
    #[error(transparent)]
    Setup(#[from] SetupFault),
    /// A thread or a runtime could not be started.
    #[error("cannot start: {0}")]
    Thread(#[from] io::Error),
}

fn remedy(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => "Is another modelport running? Set PORT to another port.",
        io::ErrorKind::PermissionDenied => "Set PORT to a port that this user may take.",
        _ => "Set HOST to an address of this machine.",
    }
}

/// How a gateway stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every request was answered.
    Drained,
    /// Requests were still running when the patience was over.
    CutShort,
}

impl Server {
    /// Listens where the configuration says.
    ///
    /// # Errors
    ///
    /// [`StartFault`].
    pub fn bind(config: Config) -> Result<Self, StartFault> {
        let (host, port) = (config.server.host.clone(), config.server.port);
        let listener = TcpListener::bind((host.as_str(), port)).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        let listener = listener.map_err(|cause| StartFault::Listen { host, port, cause })?;
        let (records, place) = storage(&config)?;
        let stored = Arc::new(Stored::at(place));
        let reloader = Reloader::new(App::with(config, records, stored)?);
        Ok(Self { listener, reloader })
    }

    /// The address it listens on.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The shared state, for whoever wants to look at it while it runs.
    pub fn app(&self) -> Arc<App> {
        self.reloader.app()
    }

    /// What takes up other configurations while it runs.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// Serves until `stop` is done, then lets running requests end.
    ///
    /// # Errors
    ///
    /// When a thread cannot be started.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<Stopped, StartFault> {
        let stored = Arc::clone(self.app().keys.stored());
        stored.start().await;
        let database = self.app().config.storage.database.clone();
        let budgets = database.map(|database| Budgets::new(database, self.reloader.clone()));
        let budgets = match budgets {
            Some(mut budgets) => {
                budgets.start().await;
                Some(budgets)
            }
            None => None,
        };
        let shared = self.app().shared.clone();
        if let Some(shared) = &shared {
            shared.start().await;
        }
        let cache_server = self.app().cache_server.clone();
        if let Some(server) = &cache_server {
            server.start().await;
        }
        let keeping = shared.clone().map(|shared| tokio::spawn(shared.keep()));
        let stop_telling = Arc::new(Notify::new());
        let webhook = Webhook::new(self.reloader.clone());
        let telling = webhook.map(|hook| tokio::spawn(hook.keep_telling(stop_telling.clone())));
        let count = self.app().config.server.workers.unwrap_or_else(cores);
        let threads = (0..count)
            .map(|number| Thread::start(number, self.reloader.clone()))
            .collect::<io::Result<Vec<_>>>()?;
        let reloader = self.reloader.clone();
        let background = [
            tokio::spawn(keep_fresh(self.reloader)),
            tokio::spawn(async move { stored.keep_current().await }),
            tokio::spawn(async move {
                if let Some(server) = cache_server {
                    server.keep().await;
                }
            }),
            tokio::spawn(async move {
                if let Some(budgets) = budgets {
                    budgets.keep_telling().await;
                }
            }),
        ];
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        tokio::select! {
            () = accept(&listener, &threads) => {}
            () = stop => {}
        }
        drop(listener);
        reloader.app().start_draining();
        background.iter().for_each(tokio::task::JoinHandle::abort);
        let stopped = drain(threads).await;
        if let (Some(shared), Some(keeping)) = (shared, keeping) {
            shared.stop();
            let _ = timeout(LAST_WORDS, keeping).await;
        }
        stop_telling.notify_one();
        if let Some(telling) = telling {
            let _ = timeout(LAST_WORDS, telling).await;
        }
        let records = reloader.app().records.clone();
        let last_words = reloader.app().config.server.shutdown_timeout.min(MAX_FLUSH);
        let _ = tokio::task::spawn_blocking(move || records.finish(last_words)).await;
        Ok(stopped)
    }
}

/// Where finished requests go, and where keys are kept. A gateway that can keep nothing serves all the same.
fn storage(config: &Config) -> io::Result<(Sink, Option<Database>)> {
    let log = logs::Settings::of(config);
    let storage = &config.storage;
    let traces = config.traces.as_ref().map(Traces::start).transpose()?;
    let traces = traces.map(Arc::new);
    let (Some(directory), Some(database)) = (&storage.data_dir, &storage.database) else {
        tracing::warn!(target: "modelport", "nothing is kept beyond the end of the process, no ledger and no keys: set MODELPORT_DATA_DIR to a directory for them");
        return Ok((Sink::of_log(log, traces)?, storage.database.clone()));
    };
    let kept = (database.clone(), storage.keep);
    match Sink::with_ledger(log, traces.clone(), directory, kept) {
        Ok(sink) => Ok((sink, Some(database.clone()))),
        Err(error) => {
            let directory = directory.display();
            tracing::warn!(target: "modelport", %directory, %error, "nothing is kept beyond the end of the process, no ledger and no keys, because the directory cannot be used: set MODELPORT_DATA_DIR to another one");
            Ok((Sink::of_log(log, traces)?, None))
        }
    }
}

/// Keeps the lists of whatever configuration counts fresh.
async fn keep_fresh(reloader: Reloader) {
    let mut changes = reloader.changes();
    loop {
        let app = Arc::clone(&changes.borrow_and_update());
        let places = 0..app.config.providers.len();
        let all = places.map(|provider| discovery::keep_fresh(Arc::clone(&app), provider));
        tokio::select! {
            _ = futures_util::future::join_all(all) => {}
            _ = changes.changed() => continue,
        }
        // None of them has anything to do any more, until another configuration counts.
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

async fn accept(listener: &tokio::net::TcpListener, threads: &[Thread]) {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => hand_over(socket, threads),
            Err(error) => {
                tracing::warn!(target: "modelport", %error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Gives a connection to the thread that serves the fewest.
fn hand_over(socket: tokio::net::TcpStream, threads: &[Thread]) {
    let Some(thread) = threads
        .iter()
        .min_by_key(|thread| thread.open.load(Ordering::Relaxed))
    else {
        return;
    };
    let Ok(socket) = socket.set_nodelay(true).and_then(|()| socket.into_std()) else {
        return;
    };
    thread.open.fetch_add(1, Ordering::Relaxed);
    if thread.sockets.try_send(socket).is_err() {
        thread.open.fetch_sub(1, Ordering::Relaxed);
        tracing::warn!(target: "modelport", "a connection was closed because too many wait to be served");
    }
}

/// Waits for every thread to have served what it has.
async fn drain(threads: Vec<Thread>) -> Stopped {
    let joined = tokio::task::spawn_blocking(move || {
        let handles: Vec<_> = threads.into_iter().map(Thread::close).collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap_or(Stopped::CutShort))
            .fold(Stopped::Drained, |all, one| match one {
                Stopped::Drained => all,
                Stopped::CutShort => one,
            })
    });
    joined.await.unwrap_or(Stopped::CutShort)
}

/// A serving thread, as the accepting one sees it.
struct Thread {
    sockets: Sender<TcpStream>,
    open: Arc<AtomicUsize>,
    handle: JoinHandle<Stopped>,
}

impl Thread {
    fn start(number: usize, reloader: Reloader) -> io::Result<Self> {
        let (sockets, receiver) = channel(MAX_WAITING);
        let open = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&open);
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let handle = thread::Builder::new()
            .name(format!("serve-{number}"))
            .spawn(move || runtime.block_on(serve(reloader, receiver, counter)))?;
        Ok(Self {
            sockets,
            open,
            handle,
        })
    }

    /// Lets the thread know that nothing more will come.
    fn close(self) -> JoinHandle<Stopped> {
        self.handle
    }
}

/// Counts a connection out when it is gone, however it went.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve(
    reloader: Reloader,
    mut sockets: Receiver<TcpStream>,
    open: Arc<AtomicUsize>,
) -> Stopped {
    let mut changes = reloader.changes();
    let seat = Seat::new(Arc::clone(&changes.borrow_and_update()));
    let connections = Arc::new(Connections::new(
        endpoints::service(seat.clone()),
        Arc::clone(seat.worker().app.keys.stored()),
    ));
    let graceful = GracefulShutdown::new();
    let (end, ending) = watch::channel(());
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            socket = sockets.recv() => {
                let Some(socket) = socket else { break };
                let counted = Open(Arc::clone(&open));
                let Ok(socket) = tokio::net::TcpStream::from_std(socket) else { continue };
                let connections = Arc::clone(&connections);
                let begun = connections.begin(socket, graceful.watcher(), ending.clone(), counted);
                tokio::spawn(begun);
            }
            _ = sweep.tick() => seat.worker().sweep(),
            Ok(()) = changes.changed() => seat.change(Arc::clone(&changes.borrow_and_update())),
        }
    }
    drop(end);
    let patience = reloader.app().config.server.shutdown_timeout;
    match timeout(patience, graceful.shutdown()).await {
        Ok(()) => Stopped::Drained,
        Err(_) => Stopped::CutShort,
    }
}
