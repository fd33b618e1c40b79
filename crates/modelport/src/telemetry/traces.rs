//! Spans of finished requests for a receiver of OpenTelemetry's protocol. The thread that takes the records makes them
//! (`spans`), another one sends them (`sender`); the threads that serve only draw a span's id for each attempt.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::{
    runtime,
    sync::mpsc::{Sender as Queue, channel},
};

mod call;
mod peers;
mod sender;
mod spans;
mod wire;

use crate::{
    accounting::record::Record,
    config::{ProviderConfig, Sampler, TracesConfig},
};
use peers::Peers;
use sender::Sender;
use wire::{KeyValue, Resource, Span, Value};

/// Requests whose spans may wait to be sent; of more than that they are lost.
const MAX_WAITING: usize = 4096;

/// Dropped when everything before it is sent, or given up.
type Order = SyncSender<()>;

/// Where the spans of finished requests are handed over.
pub struct Traces {
    sampler: Sampler,
    queue: Queue<Vec<Span>>,
    orders: Queue<Order>,
    counts: Arc<Counts>,
    peers: ArcSwap<Peers>,
}

/// What became of spans.
#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    unwanted: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

impl Counts {
    fn add(&self, sent: u64, unwanted: u64, failed: u64) {
        self.sent.fetch_add(sent, Relaxed);
        self.unwanted.fetch_add(unwanted, Relaxed);
        self.failed.fetch_add(failed, Relaxed);
    }
}

impl Traces {
    /// Starts the thread that sends. No connection is made before there are spans.
    ///
    /// # Errors
    ///
    /// When no thread can be started, or no certificates can be checked on this machine.
    pub fn start(config: &TracesConfig) -> io::Result<Self> {
        let (queue, spans) = channel(MAX_WAITING);
        let (orders, ordered) = channel(1);
        let counts = Arc::<Counts>::default();
        let attributes = config.resource.iter();
        let attributes =
            attributes.map(|(key, value)| KeyValue::new(key, Value::Text(value.clone())));
        let sender = Sender {
            line: call::Line::new(config)?,
            resource: Resource {
                attributes: attributes.collect(),
            },
            spans,
            orders: ordered,
            counts: Arc::clone(&counts),
            batch: Vec::new(),
            order: None,
            is_failing: false,
        };
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name("traces".to_owned())
            .spawn(move || runtime.block_on(sender.run()))?;
        Ok(Self {
            sampler: config.sampler,
            queue,
            orders,
            counts,
            peers: ArcSwap::default(),
        })
    }

    /// Which requests are traced.
    pub fn sampler(&self) -> Sampler {
        self.sampler
    }

    /// From now on spans say of providers what these are.
    pub fn know(&self, providers: &[ProviderConfig]) {
        self.peers.store(Arc::new(Peers::of(providers)));
    }

    /// Makes the spans of a finished request and hands them over, if its trace is taken. Waits for nothing.
    pub fn add(&self, record: &Record) {
        let Some(trace) = record.trace.as_ref().filter(|trace| trace.is_taken) else {
            return;
        };
        let Some(own) = trace.span else { return };
        let spans = spans::of(record, trace, own, &self.peers.load());
        let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        if self.queue.try_send(spans).is_err() {
            self.counts.dropped.fetch_add(count, Relaxed);
        }
    }

    /// What became of spans so far, each with the word for it.
    pub fn counts(&self) -> [(&'static str, u64); 4] {
        let counts = &self.counts;
        [
            ("sent", counts.sent.load(Relaxed)),
            ("rejected", counts.unwanted.load(Relaxed)),
            ("failed", counts.failed.load(Relaxed)),
            ("dropped", counts.dropped.load(Relaxed)),
        ]
    }

    /// Waits until the spans so far are sent, each with one more try, but not longer than this. For the end of the
    /// process, which takes unsent ones with it.
    pub fn finish(&self, patience: Duration) {
        let (order, done) = sync_channel(1);
        if self.orders.try_send(order).is_ok() {
            // An error says that the other end was dropped, which is what is waited for.
            let _ = done.recv_timeout(patience);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, time::SystemTime};

    use http::HeaderMap;

    use super::*;
    use crate::{
        config::{self, Config},
        ids::{RequestId, trace::Trace},
    };

    fn config(settings: &[(&str, &str)]) -> Config {
        let settings = settings.iter();
        let pair = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        config::load(settings.map(pair), None, None).unwrap()
    }

    #[test]
    fn what_waits_is_bounded_and_what_does_not_fit_is_counted() {
        // Nobody listens there: the port is reserved.
        let config = config(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")]);
        let traces = Traces::start(config.traces.as_ref().unwrap()).unwrap();
        let id = RequestId::of(&HeaderMap::new());
        let mut record = Record::new(id, SystemTime::now(), "/chat/completions", "chat");
        record.trace = Some(Trace::of_ours(None, |_, _| true));
        let further = 1000;
        // What is being sent has left the queue.
        for _ in 0..MAX_WAITING + 512 + further {
            traces.add(&record);
        }
        let [_, _, _, (_, dropped)] = traces.counts();
        assert!(dropped >= u64::try_from(further).unwrap(), "{dropped}");
        record.trace = Some(Trace::of_ours(None, |_, _| false));
        traces.add(&record);
        assert_eq!(traces.counts()[3].1, dropped);
    }

    #[test]
    fn providers_are_called_as_opentelemetry_calls_them() {
        let check = |url: &str, name: &str, address: &str, port: u16| {
            let config = config(&[
                ("OPENAI_COMPATIBLE_BASE_URL", url),
                ("OPENAI_COMPATIBLE_API_KEY", "k"),
            ]);
            let peers = Peers::of(&config.providers);
            let peer = peers.get("openai_compatible").unwrap();
            let found = (peers.name("openai_compatible"), &*peer.address, peer.port);
            assert_eq!(found, (name, address, port));
        };
        check("https://api.openai.com/v1", "openai", "api.openai.com", 443);
        check(
            "https://api.mistral.ai/v1",
            "mistral_ai",
            "api.mistral.ai",
            443,
        );
        check("https://api.x.ai/v1", "x_ai", "api.x.ai", 443);
        check(
            "https://api.groq.com/openai/v1",
            "groq",
            "api.groq.com",
            443,
        );
        check(
            "https://api.deepseek.com",
            "deepseek",
            "api.deepseek.com",
            443,
        );
        check(
            "https://api.perplexity.ai",
            "perplexity",
            "api.perplexity.ai",
            443,
        );
        check(
            "https://api.anthropic.com/v1",
            "anthropic",
            "api.anthropic.com",
            443,
        );
        check(
            "https://a.openai.azure.com",
            "azure.ai.openai",
            "a.openai.azure.com",
            443,
        );
        let gemini = "generativelanguage.googleapis.com";
        check(
            &format!("https://{gemini}/v1beta/openai"),
            "gcp.gemini",
            gemini,
            443,
        );
        check(
            "http://127.0.0.1:9000/v1",
            "openai_compatible",
            "127.0.0.1",
            9000,
        );
        check("http://[::1]/v1", "openai_compatible", "::1", 80);
        assert_eq!(Peers::default().name("gone"), "gone");
    }
}
