//! What the requests of the last minutes to days came to, step by step, for the dashboard. Finished requests are added by
//! the thread that takes their records, and only to a step of ten seconds; a step that is over is added to the longer
//! ones that it lies in. It is kept in memory: what a restart loses are percentiles and short steps, because the ledger
//! has the hours' counts.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

mod spread;

pub use spread::Spread;

/// What there is a line for beside the total.
pub const DIMENSIONS: [&str; 3] = ["provider", "model", "key"];

/// The most names of one dimension; the first are kept, and everything after them counts as [`OTHER`].
const MAX_NAMES: usize = 24;

/// What stands for a name that is not kept.
pub const OTHER: &str = "other";

/// How long the shortest step is, in seconds.
const SHORTEST: u64 = 10;

/// Steps by their length in seconds, and how many are kept of each: 15 minutes, 6 hours, a day, 30 days.
const RINGS: [(u64, usize); 4] = [(SHORTEST, 91), (60, 361), (300, 289), (3600, 721)];

/// What some requests came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// How many there were.
    pub requests: u64,
    /// How many of them ended without a whole answer.
    pub failed: u64,
    /// Tokens that went in.
    pub input_tokens: u64,
    /// Tokens that came out.
    pub output_tokens: u64,
    /// US dollars, as far as known.
    pub dollars: f64,
    /// How many of them cost nobody knows what.
    pub unpriced: u64,
    /// Their times to the end of the answer.
    pub duration: Spread,
    /// Their times to the first output, of streams.
    pub first_output: Spread,
}

impl Cell {
    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.dollars += other.dollars;
        self.unpriced += other.unpriced;
        self.duration.merge(&other.duration);
        self.first_output.merge(&other.first_output);
    }
}

/// One finished request.
#[derive(Debug)]
pub struct Sample<'r> {
    /// What it is counted by, one for each of [`DIMENSIONS`].
    pub names: [&'r str; DIMENSIONS.len()],
    /// Whether it ended without a whole answer.
    pub is_failed: bool,
    /// What went in and came out.
    pub tokens: (u64, u64),
    /// US dollars; `None` where nobody knows.
    pub dollars: Option<f64>,
    /// From its arrival to the end of the answer.
    pub duration: Duration,
    /// From its arrival to the first output, of a stream.
    pub first_output: Option<Duration>,
}

/// The total, or a dimension's place and the name's place in it.
type Place = Option<(usize, usize)>;

/// One step: its number, counted from 1970 in steps of its length.
#[derive(Clone, Debug, Default)]
struct Step {
    number: u64,
    cells: BTreeMap<Place, Cell>,
}

impl Step {
    fn merge(&mut self, other: &Self) {
        for (place, cell) in &other.cells {
            self.cells.entry(*place).or_default().merge(cell);
        }
    }
}

/// All steps. Bounded, whatever is asked for: 1,462 steps of at most 76 cells.
#[derive(Default)]
pub struct History {
    names: [Vec<Arc<str>>; DIMENSIONS.len()],
    open: Step,
    rings: [VecDeque<Step>; RINGS.len()],
}

/// A line of steps: by name, or without one for the total, and where each has something.
pub type Line = (Option<Arc<str>>, BTreeMap<u64, Cell>);

impl History {
    /// Adds a request that ended at this time, in seconds since 1970.
    pub fn add(&mut self, sample: &Sample<'_>, now: u64) {
        self.advance(now);
        let mut places = [None; DIMENSIONS.len() + 1];
        let named = sample.names.iter().zip(&mut self.names).enumerate();
        for ((dimension, (name, known)), place) in named.zip(places.iter_mut().skip(1)) {
            *place = Some((dimension, place_of(known, name)));
        }
        for place in places {
            let cell = self.open.cells.entry(place).or_default();
            cell.requests += 1;
            cell.failed += u64::from(sample.is_failed);
            cell.input_tokens += sample.tokens.0;
            cell.output_tokens += sample.tokens.1;
            cell.dollars += sample.dollars.unwrap_or_default();
            cell.unpriced += u64::from(sample.dollars.is_none());
            cell.duration.add(sample.duration);
            if let Some(first) = sample.first_output {
                cell.first_output.add(first);
            }
        }
    }

    /// Closes the open step if it is over.
    fn advance(&mut self, now: u64) {
        let number = now / SHORTEST;
        if number <= self.open.number {
            return;
        }
        let fresh = Step {
            number,
            cells: BTreeMap::new(),
        };
        let closed = std::mem::replace(&mut self.open, fresh);
        if closed.cells.is_empty() {
            return;
        }
        let at = closed.number * SHORTEST;
        for (ring, (length, most)) in self.rings.iter_mut().zip(RINGS) {
            let number = at / length;
            match ring.back_mut() {
                Some(last) if last.number == number => last.merge(&closed),
                _ => {
                    let cells = closed.cells.clone();
                    ring.push_back(Step { number, cells });
                }
            }
            while ring.len() > most {
                ring.pop_front();
            }
        }
    }

    /// The total of a time from one moment to another, and each name's of a dimension if one is given, in steps of this
    /// length. All in seconds, the moments since 1970. Steps before `since` are left out.
    pub fn read(&self, since: u64, step: u64, dimension: Option<usize>) -> Vec<Line> {
        let fits = |(length, most): &(u64, usize)| {
            let first = (since / length) * length;
            let newest = self.open.number * SHORTEST;
            step.is_multiple_of(*length)
                && newest.saturating_sub(first) / length <= u64::try_from(*most).unwrap_or(u64::MAX)
        };
        let place = RINGS.iter().position(fits).unwrap_or(RINGS.len() - 1);
        let (length, ring) = (RINGS[place].0, &self.rings[place]);
        let closed = ring.iter().map(|each| (each.number * length, each));
        let open = std::iter::once((self.open.number * SHORTEST, &self.open));
        let mut lines: BTreeMap<Place, BTreeMap<u64, Cell>> = BTreeMap::new();
        for (at, each) in closed.chain(open).filter(|(at, _)| at + length > since) {
            let wanted = each
                .cells
                .iter()
                .filter(|(place, _)| place.is_none_or(|(of, _)| Some(of) == dimension));
            for (place, cell) in wanted {
                let line = lines.entry(*place).or_default();
                line.entry(at / step * step).or_default().merge(cell);
            }
        }
        let name = |(dimension, place): (usize, usize)| {
            let known = self.names.get(dimension).and_then(|names| names.get(place));
            known.map_or_else(|| OTHER.into(), Arc::clone)
        };
        let named = lines
            .into_iter()
            .map(|(place, line)| (place.map(name), line));
        named.collect()
    }
}

/// The place of a name; [`MAX_NAMES`] for those that do not fit.
fn place_of(known: &mut Vec<Arc<str>>, name: &str) -> usize {
    if let Some(place) = known.iter().position(|each| **each == *name) {
        return place;
    }
    if known.len() >= MAX_NAMES || name == OTHER {
        return MAX_NAMES;
    }
    known.push(name.into());
    known.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample<'r>(provider: &'r str, model: &'r str) -> Sample<'r> {
        Sample {
            names: [provider, model, "none"],
            is_failed: model == "bad",
            tokens: (3, 5),
            dollars: Some(0.5),
            duration: Duration::from_millis(100),
            first_output: Some(Duration::from_millis(10)),
        }
    }

    #[test]
    fn steps_of_every_length_come_to_the_same() {
        let mut history = History::default();
        let begin = 1_000_000 / 3600 * 3600;
        for second in 0..7200 {
            let model = if second % 4 == 0 { "bad" } else { "good" };
            history.add(&sample("p", model), begin + second);
        }
        for step in [60, 300, 900, 3600] {
            let since = begin + if step == 60 { 3600 } else { 0 };
            let lines = history.read(since, step, Some(1));
            let sum = |name: Option<&str>, of: fn(&Cell) -> u64| {
                let mut lines = lines.iter();
                let line = lines.find(|line| line.0.as_deref() == name).unwrap();
                line.1.values().map(of).sum::<u64>()
            };
            let all = begin + 7200 - since;
            assert_eq!(sum(None, |cell| cell.requests), all, "{step}");
            assert_eq!(sum(None, |cell| cell.failed), all / 4);
            assert_eq!(sum(Some("bad"), |cell| cell.requests), all / 4);
            assert_eq!(sum(Some("good"), |cell| cell.output_tokens), all / 4 * 15);
        }
        let lines = history.read(begin + 7100, 10, None);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].1.values().all(|cell| cell.requests == 10));
    }

    #[test]
    fn memory_is_bounded_whatever_is_asked_for() {
        let mut history = History::default();
        for number in 0..3000_u64 {
            let model = format!("model-{number}");
            history.add(&sample("p", &model), 1_000_000 + number * 3600);
        }
        assert!(history.names.iter().all(|names| names.len() <= MAX_NAMES));
        for (ring, (_, most)) in history.rings.iter().zip(RINGS) {
            assert_eq!(ring.len(), most);
        }
        let lines = history.read(1_000_000, 3600, Some(1));
        assert!(lines.iter().any(|(name, _)| name.as_deref() == Some(OTHER)));
        // A clock that was set back adds to the step that is open.
        history.add(&sample("p", "m"), 5);
        assert_eq!(history.open.number, (1_000_000 + 2999 * 3600) / SHORTEST);
    }
}
