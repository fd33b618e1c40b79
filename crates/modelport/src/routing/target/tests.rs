use std::thread;

use super::*;
use crate::clock;

/// A target and a clock that moves when it is told to.
struct Bench {
    target: Arc<Target>,
    now: Instant,
}

fn bench() -> Bench {
    let now = clock::now();
    Bench {
        target: Arc::new(Target::new(now)),
        now,
    }
}

const FAST: Duration = Duration::from_millis(100);

impl Bench {
    fn wait(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    fn begin(&self) -> Flight {
        self.target.begin(self.now)
    }

    fn answer(&self) {
        self.begin().answered(FAST, self.now);
    }

    fn fail(&self, kind: FailureKind) {
        self.begin().failed(kind, None, self.now);
    }

    fn open(&self) {
        for _ in 0..5 {
            self.fail(FailureKind::Server);
        }
        assert_eq!(self.standing(), Standing::Parked);
    }

    fn standing(&self) -> Standing {
        self.target.standing(self.now)
    }

    fn latency(&self) -> Option<Duration> {
        self.target.latency(self.now)
    }
}

#[test]
fn the_breaker_opens_when_half_of_five_calls_or_ten_in_a_row_fail() {
    let check = |answers: u32, failures: u32, expected: Standing| {
        let bench = bench();
        (0..answers).for_each(|_| bench.answer());
        (0..failures).for_each(|_| bench.fail(FailureKind::Connect));
        assert_eq!(bench.standing(), expected, "{answers} and {failures}");
    };
    check(0, 4, Standing::Ready);
    check(0, 5, Standing::Parked);
    check(3, 2, Standing::Ready);
    check(2, 3, Standing::Parked);
    check(9, 8, Standing::Ready);
    check(9, 9, Standing::Parked);
    check(100, 9, Standing::Ready);
    check(100, 10, Standing::Parked);
}

#[test]
fn failures_are_forgotten_after_ten_seconds() {
    let mut bench = bench();
    (0..4).for_each(|_| bench.fail(FailureKind::Server));
    bench.wait(9_900);
    assert_eq!(bench.target.reading(bench.now).failures, 4);
    bench.wait(200);
    assert_eq!(bench.target.reading(bench.now).failures, 0);
    bench.fail(FailureKind::Server);
    assert_eq!(bench.standing(), Standing::Ready);
}

#[test]
fn what_is_not_the_targets_fault_opens_nothing() {
    let bench = bench();
    for _ in 0..20 {
        bench.fail(FailureKind::BadRequest);
        bench.fail(FailureKind::NotFound);
    }
    let reading = bench.target.reading(bench.now);
    assert_eq!((reading.calls, reading.failures), (40, 0));
    assert_eq!(reading.standing, Standing::Ready);
    assert_eq!(reading.latency_ms, None);
}

#[test]
fn a_stream_that_breaks_off_counts_as_one_failed_call() {
    let bench = bench();
    let mut flight = bench.begin();
    flight.answered(FAST, bench.now);
    flight.failed(FailureKind::Truncated, None, bench.now);
    flight.failed(FailureKind::Truncated, None, bench.now);
    let reading = bench.target.reading(bench.now);
    assert_eq!((reading.calls, reading.failures), (1, 1));
}

#[test]
fn two_trials_one_at_a_time_close_the_breaker() {
    let mut bench = bench();
    bench.open();
    bench.wait(4_999);
    assert_eq!(bench.standing(), Standing::Parked);
    bench.wait(1);
    for _ in 0..2 {
        assert_eq!(bench.standing(), Standing::Trial);
        let mut trial = bench.begin();
        assert_eq!(bench.standing(), Standing::Parked);
        trial.answered(FAST, bench.now);
    }
    assert_eq!(bench.standing(), Standing::Ready);
    bench.fail(FailureKind::Server);
    assert_eq!(
        bench.standing(),
        Standing::Ready,
        "the failures from before must not count"
    );
}

#[test]
fn each_failed_trial_doubles_the_pause_up_to_a_minute() {
    let mut bench = bench();
    bench.open();
    for pause in [5, 10, 20, 40, 60, 60] {
        bench.wait(pause * 1000 - 1);
        assert_eq!(bench.standing(), Standing::Parked, "{pause} s");
        bench.wait(1);
        assert_eq!(bench.standing(), Standing::Trial, "{pause} s");
        bench.fail(FailureKind::Timeout);
    }
}

#[test]
fn a_trial_that_is_given_up_leaves_the_place_to_another() {
    let mut bench = bench();
    bench.open();
    bench.wait(5_000);
    drop(bench.begin());
    assert_eq!(bench.standing(), Standing::Trial);
    let mut limited = bench.begin();
    limited.failed(FailureKind::RateLimited, None, bench.now);
    bench.wait(1_000);
    assert_eq!(bench.standing(), Standing::Trial);
}

#[test]
fn late_news_of_an_outage_neither_ends_nor_renews_it() {
    let mut bench = bench();
    let mut flights: Vec<Flight> = (0..10).map(|_| bench.begin()).collect();
    bench.open();
    for flight in flights.iter_mut().take(5) {
        flight.answered(FAST, bench.now);
    }
    assert_eq!(bench.standing(), Standing::Parked);
    bench.wait(5_000);
    bench.answer();
    bench.answer();
    for flight in flights.iter_mut().skip(5) {
        flight.failed(FailureKind::Timeout, None, bench.now);
    }
    assert_eq!(bench.standing(), Standing::Ready);
}

#[test]
fn an_only_target_that_answers_again_is_ready_before_its_trial() {
    let bench = bench();
    bench.open();
    bench.answer();
    bench.answer();
    assert_eq!(bench.standing(), Standing::Ready);
}

#[test]
fn a_rate_limit_is_a_pause_and_no_failure() {
    let mut bench = bench();
    for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
        // The many that are refused at once are one sign.
        let mut flights: Vec<Flight> = (0..20).map(|_| bench.begin()).collect();
        for flight in &mut flights {
            flight.failed(FailureKind::RateLimited, None, bench.now);
        }
        bench.wait(pause * 1000 - 1);
        assert_eq!(bench.standing(), Standing::Parked, "{pause} s");
        bench.wait(1);
        assert_eq!(bench.standing(), Standing::Ready, "{pause} s");
    }
    assert_eq!(bench.target.reading(bench.now).calls, 0);
    bench.answer();
    bench.fail(FailureKind::RateLimited);
    bench.wait(1_000);
    assert_eq!(bench.standing(), Standing::Ready);
}

#[test]
fn a_pause_is_as_long_as_the_target_asks() {
    let mut bench = bench();
    let ask = |bench: &Bench, seconds: u64| {
        let pause = Some(Duration::from_secs(seconds));
        bench
            .begin()
            .failed(FailureKind::RateLimited, pause, bench.now);
    };
    ask(&bench, 20);
    ask(&bench, 3);
    bench.wait(19_999);
    assert_eq!(bench.standing(), Standing::Parked);
    bench.wait(1);
    assert_eq!(bench.standing(), Standing::Ready);
    ask(&bench, 1_000_000);
    bench.wait(3_600_000);
    assert_eq!(bench.standing(), Standing::Ready);
    bench.target.cool_down(bench.now + FAST, bench.now);
    assert_eq!(bench.target.reading(bench.now).paused_ms, Some(100));
}

#[test]
fn an_answer_of_one_that_was_asked_in_its_pause_ends_it() {
    let bench = bench();
    let mut before = bench.begin();
    bench.fail(FailureKind::RateLimited);
    before.answered(FAST, bench.now);
    assert_eq!(bench.standing(), Standing::Parked);
    bench.answer();
    assert_eq!(bench.standing(), Standing::Ready);
}

#[test]
fn a_refused_credential_parks_at_once() {
    let bench = bench();
    bench.fail(FailureKind::OutOfCredit);
    let reading = bench.target.reading(bench.now);
    assert_eq!(reading.standing, Standing::Parked);
    let reason = "it rests for 1.0 s (last failure: out_of_credit)";
    assert_eq!(reading.reason.as_deref(), Some(reason));
}

#[test]
fn a_call_counts_as_under_way_until_it_is_dropped() {
    let bench = bench();
    let mut flights = [bench.begin(), bench.begin(), bench.begin()];
    flights[0].answered(FAST, bench.now);
    flights[1].failed(FailureKind::Server, None, bench.now);
    let reading = bench.target.reading(bench.now);
    assert_eq!((reading.in_flight, reading.waiting), (3, 1));
    drop(flights);
    let reading = bench.target.reading(bench.now);
    assert_eq!((reading.in_flight, reading.waiting), (0, 0));
}

#[test]
fn the_average_rises_at_once_and_falls_slowly() {
    let mut bench = bench();
    assert_eq!(bench.latency(), None);
    bench.answer();
    assert_eq!(bench.latency(), Some(FAST));
    bench.begin().answered(10 * FAST, bench.now);
    assert_eq!(bench.latency(), Some(10 * FAST));
    for _ in 0..100 {
        bench.wait(100);
        bench.answer();
    }
    let after_ten_seconds = bench.latency().unwrap().as_millis();
    assert!(
        (380..500).contains(&after_ten_seconds),
        "{after_ten_seconds}"
    );
    bench.wait(600_000);
    assert_eq!(bench.latency(), None, "it is too old to say anything");
}

#[test]
fn a_target_that_hangs_looks_slow_before_anyone_gives_up() {
    let mut bench = bench();
    bench.answer();
    let waiting = bench.begin();
    bench.wait(3_000);
    assert_eq!(bench.latency(), Some(Duration::from_secs(3)));
    bench.answer();
    assert!(bench.latency().unwrap() < Duration::from_secs(1));
    drop(waiting);
}

#[test]
fn a_timeout_is_a_lower_bound_of_the_latency() {
    let mut bench = bench();
    let mut flight = bench.begin();
    bench.wait(7_000);
    flight.failed(FailureKind::Timeout, None, bench.now);
    assert_eq!(bench.latency(), Some(Duration::from_secs(7)));
}

#[test]
fn many_threads_leave_the_counts_true_and_never_share_a_trial() {
    const ROUNDS: u32 = 2_000;
    let mut bench = bench();
    bench.open();
    bench.wait(5_000);
    let trials = AtomicU32::new(0);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (bench, trials) = (&bench, &trials);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let mut flight = bench.begin();
                    if flight.is_trial() {
                        assert_eq!(trials.fetch_add(1, Relaxed), 0, "two trials at once");
                        trials.fetch_sub(1, Relaxed);
                    } else if (thread + round) % 3 == 0 {
                        flight.failed(FailureKind::Server, None, bench.now);
                    } else if (thread + round) % 3 == 1 {
                        let pause = Some(Duration::ZERO);
                        flight.failed(FailureKind::RateLimited, pause, bench.now);
                    }
                }
            });
        }
    });
    let reading = bench.target.reading(bench.now);
    assert_eq!((reading.in_flight, reading.waiting), (0, 0));
    assert_eq!(reading.standing, Standing::Trial);

    bench.answer();
    bench.answer();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..ROUNDS).for_each(|_| bench.answer()));
        }
    });
    let reading = bench.target.reading(bench.now);
    assert_eq!(reading.standing, Standing::Ready);
    assert_eq!(reading.calls, 4 * u64::from(ROUNDS));
    assert_eq!(reading.latency_ms, Some(100));
}

#[test]
fn a_reading_can_be_shown() {
    let mut bench = bench();
    bench.open();
    bench.wait(1_500);
    let shown = serde_json::to_value(bench.target.reading(bench.now)).unwrap();
    let expected = serde_json::json!({
        "standing": "parked",
        "reason": "its calls failed (last failure: server); a trial follows in 3.5 s",
        "breaker": "open",
        "trial_in_ms": 3500,
        "paused_ms": null,
        "calls": 5,
        "failures": 5,
        "last_failure": "server",
        "in_flight": 0,
        "waiting": 0,
        "latency_ms": null,
        "p95_ms": null,
    });
    assert_eq!(shown, expected);
}
