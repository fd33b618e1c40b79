//! A second attempt beside a slow first one.

use std::time::Instant;

use modelport_sim::Outcome;

use super::{Fleet, answered_by, percentiles};

fn routes(hedge: &str) -> String {
    format!("[[routes]]\nmodel = \"r\"\ntargets = [\"a:sim-fast\", \"b:sim-fast\"]\n{hedge}\n")
}

/// One request in twenty meets a provider that stays silent for a second.
fn times(hedge: &str) -> (Vec<f64>, Vec<usize>) {
    let fleet = Fleet::start(2, "max_retries = 0", &routes(hedge));
    let times = (0..200)
        .map(|number| {
            let stalls = number % 20 == 19;
            fleet.upstreams[0].set_fault(stalls.then_some("slow-head-1000"));
            let started = Instant::now();
            let answer = fleet.chat("r");
            assert_eq!(answer.status, 200, "{}", answer.text());
            started.elapsed().as_secs_f64()
        })
        .collect();
    (times, fleet.seen())
}

#[test]
fn a_stall_is_not_waited_for() {
    let (without, alone) = times("");
    let (with, both) = times("hedge = { max_share = 10 }");
    let (without, with) = (percentiles(without).1, percentiles(with).1);
    let extra = both[1];
    println!("p99 {without:.0} ms without, {with:.0} ms with, {extra} of 200 twice");
    assert_eq!(alone, [200, 0]);
    assert!(without > 900.0, "{without} ms");
    assert!(with < 500.0, "{with} ms");
    assert!((8..=30).contains(&extra), "{extra} second attempts");
}

#[test]
fn the_loser_is_cancelled() {
    let hedge = "hedge = { after = 0.05, max_share = 100 }";
    let fleet = Fleet::start(2, "max_retries = 0", &routes(hedge));
    fleet.upstreams[0].set_fault(Some("hang"));
    let answer = fleet.chat("r");
    assert_eq!(answered_by(&answer), "b");
    let patience = std::time::Duration::from_secs(5);
    assert!(
        fleet.upstreams[0].wait_for(patience, |seen| {
            seen.iter()
                .any(|seen| matches!(seen.outcome, Outcome::Cancelled { .. }))
        }),
        "the slow one is cancelled"
    );
    let id = answer.header("x-request-id").unwrap();
    let decided = fleet
        .gateway
        .get(&format!("/v1/route/decisions/{id}"))
        .text();
    assert!(decided.contains("\"cancelled\""), "{decided}");
}
