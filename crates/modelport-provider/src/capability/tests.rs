use proptest::prelude::*;

use super::*;

#[test]
fn every_capability_has_its_own_place_and_name() {
    for (place, capability) in Capability::ALL.into_iter().enumerate() {
        assert_eq!(capability.place(), place);
        assert_eq!(Capability::named(capability.as_str()), Some(capability));
    }
    assert_eq!(Capability::named("telepathy"), None);
    assert_eq!(size_of::<Capabilities>(), 8 * Capability::ALL.len());
}

#[test]
fn a_listing_beats_the_catalogue_and_both_beat_unknown() {
    let mut listing = Capabilities::UNKNOWN;
    listing.note(Capability::Tools, Support::No, Source::Listing);
    let mut catalogue = Capabilities::UNKNOWN;
    catalogue.note(Capability::Tools, Support::Yes, Source::Catalogue);
    catalogue.note(Capability::Vision, Support::Yes, Source::Catalogue);
    for merged in [listing.merge(&catalogue), catalogue.merge(&listing)] {
        assert!(merged.lacks(Capability::Tools));
        assert_eq!(merged.source(Capability::Tools), Some(Source::Listing));
        assert!(merged.has(Capability::Vision));
        assert_eq!(merged.source(Capability::Vision), Some(Source::Catalogue));
        assert_eq!(merged.support(Capability::Reasoning), Support::Unknown);
        assert_eq!(merged.known().count(), 2);
    }
}

#[test]
fn what_was_seen_keeps_its_time_through_a_merge() {
    let at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut observed = Capabilities::UNKNOWN;
    observed.note_seen(Capability::Tools, Support::No, Source::Observed, at);
    let mut listing = Capabilities::UNKNOWN;
    listing.note(Capability::Tools, Support::Yes, Source::Listing);
    listing.note(Capability::Vision, Support::Yes, Source::Listing);
    let merged = listing.merge(&observed);
    assert!(merged.lacks(Capability::Tools));
    assert_eq!(merged.seen(Capability::Tools), Some(at));
    assert_eq!(merged.seen(Capability::Vision), None);
    assert_eq!(merged.seen(Capability::AudioInput), None);
}

#[test]
fn the_operator_has_the_last_word() {
    let mut found = Capabilities::UNKNOWN;
    found.note(Capability::Tools, Support::Yes, Source::Configured);
    found.note(Capability::Tools, Support::No, Source::Probed);
    found.note(Capability::Tools, Support::Unknown, Source::Configured);
    assert!(found.has(Capability::Tools));
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    let source = prop::sample::select(vec![
        Source::Catalogue,
        Source::Listing,
        Source::Observed,
        Source::Probed,
        Source::Configured,
    ]);
    let finding = (
        prop::sample::select(Capability::ALL.to_vec()),
        any::<bool>(),
        source,
    );
    prop::collection::vec(finding, 0..20).prop_map(|findings| {
        let mut all = Capabilities::UNKNOWN;
        for (capability, flag, source) in findings {
            all.note(capability, flag.into(), source);
        }
        all
    })
}

proptest! {
    #[test]
    fn merging_is_associative_and_unknown_is_neutral(a in capabilities(), b in capabilities(), c in capabilities()) {
        prop_assert_eq!(a.merge(&b).merge(&c), a.merge(&b.merge(&c)));
        prop_assert_eq!(a.merge(&Capabilities::UNKNOWN), a);
        prop_assert_eq!(Capabilities::UNKNOWN.merge(&a), a);
        prop_assert_eq!(a.merge(&a), a);
    }
}
