//! Routing in virtual time: a world of providers with their own speeds, limits, outages and slow spells, and before it
//! the very code that routes. `docs/routing.md` shows what comes out; `UPDATE_DOCS=1` writes it anew.

use std::thread;

use crate::config::routes::{Affinity, Policy, RETRY_SHARE};

mod document;
mod figures;
mod run;
mod world;

use figures::Figures;
use world::{SECOND, Story};

/// The policies by their names in a configuration.
fn policies() -> [(&'static str, Policy); 7] {
    [
        ("priority", Policy::Priority),
        ("weighted", Policy::Weighted),
        ("round-robin", Policy::RoundRobin),
        ("least-busy", Policy::LeastBusy),
        ("latency", Policy::Latency),
        ("cost", Policy::Cost),
        ("sticky", Policy::Sticky(Affinity::Conversation)),
    ]
}

fn judge(policy: &Policy, story: fn(u64) -> Story) -> Figures {
    let routes = (0..world::ROUTES).map(|route| {
        let story = story(route);
        let course = run::run(policy, &story);
        (story, course)
    });
    Figures::of(&routes.collect::<Vec<_>>())
}

#[test]
fn each_policy_does_what_it_is_for() {
    let all = thread::scope(|scope| {
        let runs = policies()
            .map(|(name, policy)| (name, scope.spawn(move || judge(&policy, world::story))));
        runs.map(|(name, run)| (name, run.join().unwrap()))
    });
    let [
        (_, priority),
        (_, weighted),
        (_, round_robin),
        (_, least_busy),
        (_, latency),
        (_, cost),
        (_, sticky),
    ] = &all;

    // One dead provider of ten costs hardly a request where the load is spread.
    for figures in [weighted, round_robin, least_busy, latency, sticky] {
        assert!(figures.outage.success >= 0.999);
        assert!(figures.spread < 2.0, "nobody gets twice its share");
        assert!(
            figures.swing < 1.2,
            "the load does not swing more than by chance"
        );
    }
    // One that gets all it can take costs more than the share of retries pays for.
    for figures in [priority, cost] {
        assert!(figures.outage.success >= 0.95);
    }
    for (name, figures) in &all {
        assert!(figures.calm.success >= 0.998, "{name}");
        assert!(figures.slow_spell.success >= 0.995, "{name}");
        assert!(figures.noticed.unwrap() < 10 * SECOND, "{name}");
        assert!(figures.recovered.unwrap() < 20 * SECOND, "{name}");
    }
    assert!(latency.calm.p99 < weighted.calm.p99);
    assert!(latency.slow_spell.p99 < weighted.slow_spell.p99 / 4);
    assert!(least_busy.slow_spell.p99 < weighted.slow_spell.p99 / 2);
    assert!(round_robin.swing < weighted.swing / 2.0);
    assert!(cost.price < 0.8 * weighted.price);
    assert!(sticky.kept > 0.7);

    document::compare(&figures::tables(&all));
}

#[test]
fn several_that_are_dead_at_once_do_not_use_up_all_attempts() {
    for policy in [Policy::LeastBusy, Policy::Latency] {
        let figures = judge(&policy, world::three_dead);
        let success = figures.outage.success;
        assert!(success >= 0.995, "{policy:?}: {success}");
    }
}

#[test]
fn a_total_outage_is_made_worse_by_the_share_of_retries_only() {
    let story = world::total_outage();
    let course = run::run(&Policy::Weighted, &story);
    let requests = course.requests.len();
    let asked: usize = course
        .requests
        .iter()
        .map(|request| request.asked.len())
        .sum();
    let further = asked - requests;
    let allowed = requests * usize::try_from(RETRY_SHARE).unwrap() / 100;
    assert!(further <= allowed, "{further} of {allowed} for {requests}");
    assert!(further > allowed / 2, "retries go on in an outage");
}
