//! What a run of load saw, summed over its connections and printed as one line of JSON; and the
//! pause before it, in which `bench/run` reads the proxy's clocks. Judges nothing.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

/// What one connection saw, or all of them together.
#[derive(Default)]
pub(crate) struct Tally {
    /// Requests or streams that ended as they should.
    pub(crate) completed: u64,
    /// Streamed chunks received, `[DONE]` included.
    pub(crate) chunks: u64,
    /// Reads it took to receive them.
    pub(crate) reads: u64,
    /// Nanoseconds per request or per chunk.
    pub(crate) latencies: Vec<u64>,
    /// What went wrong; one entry ends its connection.
    pub(crate) faults: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.completed += other.completed;
        self.chunks += other.chunks;
        self.reads += other.reads;
        self.latencies.extend(other.latencies);
        self.faults.extend(other.faults);
    }

    /// Prints the line that `bench/run` reads.
    pub(crate) fn print(mut self, took: Duration) -> io::Result<()> {
        self.latencies.sort_unstable();
        let line = json!({
            "completed": self.completed,
            "chunks": self.chunks,
            "reads": self.reads,
            "seconds": took.as_secs_f64(),
            "latency_us": {
                "p50": percentile(&self.latencies, 500),
                "p90": percentile(&self.latencies, 900),
                "p99": percentile(&self.latencies, 990),
                "max": percentile(&self.latencies, 1000),
            },
            "faults": self.faults.len(),
            "first_fault": self.faults.first(),
        });
        say(&line.to_string())
    }
}

/// Says `ready` and waits for a line on standard input, or its end. Blocks the thread on purpose:
/// nothing is under way.
pub(crate) fn wait_for_start() -> io::Result<()> {
    say("ready")?;
    io::stdin().read_line(&mut String::new()).map(|_| ())
}

/// Writes one line at once.
fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// The value below which `permille` of `sorted` lie (nearest rank), in microseconds.
fn percentile(sorted: &[u64], permille: usize) -> Value {
    let rank = (sorted.len() * permille).div_ceil(1000).saturating_sub(1);
    sorted.get(rank).map_or(Value::Null, |nanos| {
        json!(Duration::from_nanos(*nanos).as_secs_f64() * 1e6)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_take_the_nearest_rank() {
        let thousand: Vec<u64> = (1..=1000).map(|n| n * 1000).collect();
        for (permille, micros) in [(500, 500.0), (990, 990.0), (1000, 1000.0), (1, 1.0)] {
            assert_eq!(percentile(&thousand, permille), json!(micros));
        }
        assert_eq!(percentile(&[], 500), Value::Null);
    }
}
