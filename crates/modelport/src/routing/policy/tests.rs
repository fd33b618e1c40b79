use proptest::prelude::*;

use super::*;
use crate::config::routes::Affinity;

fn policies() -> [Policy; 7] {
    [
        Policy::Priority,
        Policy::Weighted,
        Policy::RoundRobin,
        Policy::LeastBusy,
        Policy::Latency,
        Policy::Cost,
        Policy::Sticky(Affinity::User),
    ]
}

fn sticky() -> Policy {
    Policy::Sticky(Affinity::User)
}

/// A ready and idle target of which nothing is known.
fn idle(place: usize) -> Candidate {
    Candidate {
        place,
        weight: 1,
        in_flight: 0,
        latency: None,
        price: None,
        name_hash: lots::mix(place as u64),
        standing: Standing::Ready,
    }
}

fn idle_ones(weights: &[u32]) -> Vec<Candidate> {
    let each = weights.iter().enumerate();
    each.map(|(place, &weight)| Candidate {
        weight,
        ..idle(place)
    })
    .collect()
}

/// The draw of a request that is the `number`th.
fn draw(number: u64) -> Draw {
    Draw {
        turn: number,
        random: lots::mix(number),
        affinity: Some(lots::mix(!number)),
    }
}

fn first(policy: &Policy, candidates: &[Candidate], number: u64) -> usize {
    order(policy, candidates, &draw(number))[0]
}

/// How often each candidate is first in so many requests.
fn firsts(policy: &Policy, candidates: &[Candidate], requests: u64) -> Vec<u32> {
    let mut counts = vec![0; candidates.len()];
    for number in 0..requests {
        counts[first(policy, candidates, number)] += 1;
    }
    counts
}

fn any_standing() -> impl Strategy<Value = Standing> {
    prop_oneof![
        Just(Standing::Ready),
        Just(Standing::Trial),
        Just(Standing::Parked)
    ]
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let latency = proptest::option::of(any::<Duration>());
    let price = proptest::option::of(any::<u64>());
    let numbers = (any::<u32>(), any::<u32>(), any::<u64>());
    (numbers, latency, price, any_standing()).prop_map(
        |((weight, in_flight, name_hash), latency, price, standing)| Candidate {
            place: 0,
            weight,
            in_flight,
            latency,
            price,
            name_hash,
            standing,
        },
    )
}

fn any_candidates() -> impl Strategy<Value = Vec<Candidate>> {
    proptest::collection::vec(any_candidate(), 0..20).prop_map(|mut candidates| {
        for (place, candidate) in candidates.iter_mut().enumerate() {
            candidate.place = place;
        }
        candidates
    })
}

proptest! {
    #[test]
    fn every_order_is_a_permutation_with_the_parked_last(
        candidates in any_candidates(),
        turn: u64,
        random: u64,
        affinity: Option<u64>,
    ) {
        for policy in policies() {
            let order = order(&policy, &candidates, &Draw { turn, random, affinity });
            let mut places = order.to_vec();
            places.sort_unstable();
            prop_assert!(places.into_iter().eq(0..candidates.len()), "{policy:?}");
            let parked = order.iter().map(|&place| candidates[place].is_parked());
            prop_assert!(parked.is_sorted(), "{policy:?}");
        }
    }

    #[test]
    fn a_round_gives_each_exactly_its_weight(
        weights in proptest::collection::vec(1_u32..20, 1..8),
        start in 0..1_000_000_u64,
    ) {
        let candidates = idle_ones(&weights);
        let round: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        let mut counts = vec![0; weights.len()];
        for turn in start..start + round {
            counts[first(&Policy::RoundRobin, &candidates, turn)] += 1;
        }
        prop_assert_eq!(counts, weights);
    }

    #[test]
    fn who_leaves_moves_only_its_own_affinities(
        count in 2_usize..12,
        leaver: prop::sample::Index,
        number: u64,
    ) {
        let mut candidates = idle_ones(&vec![1; count]);
        let before = first(&sticky(), &candidates, number);
        let leaver = leaver.index(count);
        candidates.remove(leaver);
        let after = first(&sticky(), &candidates, number);
        prop_assert!(before == leaver || before == after);
    }
}

#[test]
fn priority_is_as_configured_and_a_trial_keeps_its_place() {
    let mut candidates = idle_ones(&[1, 9, 1, 1]);
    candidates[0].standing = Standing::Parked;
    candidates[1].standing = Standing::Trial;
    let order = order(&Policy::Priority, &candidates, &draw(0));
    assert_eq!(order.as_slice(), [1, 2, 3, 0]);
}

#[test]
fn shares_follow_the_weights() {
    let candidates = idle_ones(&[1, 2, 5]);
    let check = |policy: &Policy| {
        let counts = firsts(policy, &candidates, 8_000);
        for (count, expected) in counts.into_iter().zip([1_000_u32, 2_000, 5_000]) {
            assert!(
                expected.abs_diff(count) < 120,
                "{policy:?}: {count} for {expected}"
            );
        }
    };
    check(&Policy::Weighted);
    check(&Policy::RoundRobin);
    check(&sticky());
    check(&Policy::LeastBusy);
    check(&Policy::Cost);
}

#[test]
fn without_affinity_sticky_goes_by_the_weights() {
    let candidates = idle_ones(&[1, 3]);
    let mut counts = [0, 0];
    for number in 0..4_000 {
        let draw = Draw {
            affinity: None,
            ..draw(number)
        };
        counts[order(&sticky(), &candidates, &draw)[0]] += 1;
    }
    assert!((900..1_100).contains(&counts[0]), "{counts:?}");
}

#[test]
fn round_robin_spreads_the_turns_of_the_heavy() {
    let candidates = idle_ones(&[6, 2, 2]);
    let turns: Vec<usize> = (0..50)
        .map(|turn| first(&Policy::RoundRobin, &candidates, turn))
        .collect();
    let is_in_each_row = |place: usize| turns.windows(5).all(|row| row.contains(&place));
    assert!((0..3).all(is_in_each_row), "someone waits long: {turns:?}");
}

#[test]
fn the_load_of_one_that_fails_is_shared_by_all_others() {
    let candidates = idle_ones(&[1, 1, 1, 1]);
    let even = [
        Policy::Weighted,
        Policy::RoundRobin,
        Policy::LeastBusy,
        Policy::Latency,
        sticky(),
    ];
    for policy in even {
        let mut counts = [0; 4];
        for number in 0..8_000 {
            let order = order(&policy, &candidates, &draw(number));
            if order[0] == 0 {
                counts[order[1]] += 1;
            }
        }
        let fair = counts[1..].iter().all(|count| (550..780).contains(count));
        assert!(fair, "{policy:?}: {counts:?}");
    }
}

#[test]
fn the_least_busy_for_its_weight_is_first() {
    let mut candidates = idle_ones(&[1, 4, 1]);
    candidates[0].in_flight = 2;
    candidates[1].in_flight = 7;
    candidates[2].in_flight = 3;
    assert_eq!(firsts(&Policy::LeastBusy, &candidates, 100), [0, 100, 0]);
}

#[test]
fn the_cheapest_is_first_and_the_unpriced_last() {
    let mut candidates = idle_ones(&[1, 1, 1, 1]);
    candidates[0].price = Some(500);
    candidates[2].price = Some(20);
    candidates[3].price = Some(20);
    candidates[2].in_flight = 1;
    let order = order(&Policy::Cost, &candidates, &draw(3));
    assert_eq!(order.as_slice(), [3, 2, 0, 1]);
}

/// Targets with these latencies in milliseconds, 0 for unknown.
fn measured(latencies: &[u64]) -> Vec<Candidate> {
    let each = latencies.iter().enumerate();
    each.map(|(place, &millis)| Candidate {
        latency: (millis > 0).then(|| Duration::from_millis(millis)),
        ..idle(place)
    })
    .collect()
}

#[test]
fn the_slower_of_two_is_asked_just_often_enough_to_be_seen() {
    let counts = firsts(&Policy::Latency, &measured(&[100, 900]), 12_800);
    assert!((60..140).contains(&counts[1]), "{counts:?}");
}

#[test]
fn a_busy_fast_one_is_slower_than_an_idle_slow_one() {
    let mut candidates = measured(&[100, 900]);
    candidates[0].in_flight = 9;
    let counts = firsts(&Policy::Latency, &candidates, 1_000);
    assert!(counts[1] > 950, "{counts:?}");
}

#[test]
fn the_slowest_of_many_is_first_only_by_exploration() {
    let counts = firsts(&Policy::Latency, &measured(&[100, 100, 100, 900]), 12_800);
    assert!((20..90).contains(&counts[3]), "{counts:?}");
}

#[test]
fn an_unknown_target_is_asked_once_before_it_has_answered() {
    let mut candidates = measured(&[100, 0]);
    candidates[0].in_flight = 1;
    assert!(firsts(&Policy::Latency, &candidates, 1_000)[1] > 950);
    candidates[1].in_flight = 1;
    assert!(firsts(&Policy::Latency, &candidates, 1_000)[1] < 50);
}

#[test]
fn a_newcomer_takes_its_share_of_the_affinities_and_no_more() {
    let (before, after) = (idle_ones(&[1; 9]), idle_ones(&[1; 10]));
    let moved = (0..10_000)
        .filter(|&number| first(&sticky(), &before, number) != first(&sticky(), &after, number))
        .count();
    assert!((850..1_150).contains(&moved), "{moved} of 10000 moved");
}

#[test]
fn a_sticky_target_that_is_much_busier_is_passed_over() {
    let mut candidates = idle_ones(&[1, 1, 1]);
    let home = first(&sticky(), &candidates, 7);
    for candidate in &mut candidates {
        candidate.in_flight = 10;
    }
    // Four quarters of the others and one more is within the bound.
    candidates[home].in_flight = 12;
    assert_eq!(first(&sticky(), &candidates, 7), home);
    candidates[home].in_flight = 40;
    assert_ne!(first(&sticky(), &candidates, 7), home);
}
