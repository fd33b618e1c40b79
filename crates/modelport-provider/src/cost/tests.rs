use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use super::*;
use crate::catalogue::{self, Found};
use crate::price::{MAX_AMOUNT, PriceRule, Prices, plain};
use crate::profile::Unlisted;
use crate::usage::SearchSize;

/// Wednesday, 2026-11-25, 03:00 UTC, in no off-peak window of the catalogue.
const WEDNESDAY: u64 = 1_795_575_600;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn at(seconds: u64) -> Terms {
    Terms::at(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn usual() -> Terms {
    at(WEDNESDAY)
}

fn found(section: &str, model: &str) -> Found<'static> {
    let section = catalogue::section(section).unwrap();
    section.get(model).unwrap()
}

fn amount(usage: &Usage, tariffs: &[Tariff<'_>], terms: &Terms) -> Option<String> {
    let cost = Cost::of(usage, tariffs, terms);
    let brief = Brief::of(usage, tariffs, terms);
    assert_eq!(brief.amount(), cost.amount());
    assert_eq!(brief.provenance(), cost.provenance());
    assert_eq!(brief.reported, cost.reported);
    assert_eq!(brief.computed, cost.bill.as_ref().map(|bill| bill.total));
    let first = cost.bill.as_ref().and_then(|bill| bill.parts.first());
    assert_eq!(brief.source, first.map(|part| part.source));
    cost.amount().map(plain)
}

/// What the catalogue charges for a usage.
fn check(model: [&str; 2], usage: &Usage, terms: &Terms, expected: &str) {
    let found = found(model[0], model[1]);
    let amount = amount(usage, &[Tariff::catalogue(&found)], terms);
    assert_eq!(amount.as_deref(), Some(expected), "{model:?} {usage:?}");
}

fn tokens(input: u64, output: u64) -> Usage {
    Usage {
        input_tokens: input,
        output_tokens: output,
        ..Usage::default()
    }
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Prices in dollars per million tokens, of input and output.
fn per_million(input: i64, output: i64) -> Prices {
    Prices {
        prompt: Some(Decimal::new(input, 6)),
        completion: Some(Decimal::new(output, 6)),
        ..Prices::UNKNOWN
    }
}

#[test]
fn a_long_prompt_makes_the_whole_request_dearer() {
    let gemini = ["gemini", "gemini-2.5-pro"];
    // 200000·1.25e-6 + 1000·1e-5, and from the next token on 2.5e-6 and 1.5e-5.
    check(gemini, &tokens(200_000, 1000), &usual(), "0.26");
    check(gemini, &tokens(200_001, 1000), &usual(), "0.5150025");
    // The cached part counts for the length: 1·2.5e-6 + 200000·2.5e-7.
    let cached = Usage {
        cached_input_tokens: 200_000,
        ..tokens(200_001, 0)
    };
    check(gemini, &cached, &usual(), "0.0500025");
    // xAI's begins at the threshold: 199999·1.25e-6 + 2.5e-6; 200000·2.5e-6 + 5e-6.
    let grok = ["xai", "grok-4.3"];
    check(grok, &tokens(199_999, 1), &usual(), "0.25000125");
    check(grok, &tokens(200_000, 1), &usual(), "0.500005");
    // The highest of several: 32000·1.95e-7, 32001·3.25e-7, 128000·3.25e-7, 128001·5.2e-7.
    let qwen = ["openrouter", "qwen/qwen3-coder-flash"];
    for (input, expected) in [
        (32_000, "0.00624"),
        (32_001, "0.010400325"),
        (128_000, "0.0416"),
        (128_001, "0.06656052"),
    ] {
        check(qwen, &tokens(input, 0), &usual(), expected);
    }
}

#[test]
fn a_tier_inherits_from_the_base_and_a_listed_rule_from_the_rule_before() {
    let rule = |above, prices| PriceRule {
        above_prompt_tokens: Some(above),
        windows: Vec::new(),
        prices,
    };
    let output_only = Prices {
        completion: Some(Decimal::new(9, 6)),
        ..Prices::UNKNOWN
    };
    let prices = per_million(1, 2);
    let rules = [rule(10, per_million(3, 4)), rule(20, output_only)];
    let listed = [Tariff::listed(&prices, &rules)];
    assert_eq!(
        amount(&tokens(10, 1), &listed, &usual()).unwrap(),
        "0.000012"
    );
    assert_eq!(
        amount(&tokens(20, 1), &listed, &usual()).unwrap(),
        "0.000064"
    );
    // 21·3 + 9: the later rule wins where it says something.
    assert_eq!(
        amount(&tokens(21, 1), &listed, &usual()).unwrap(),
        "0.000072"
    );
    // 21·1 + 9: the highest tier alone counts.
    let mut fact = found("openai", "gpt-4o-mini").fact.clone();
    fact.prices = prices;
    fact.price_rules = rules.to_vec();
    let found = Found {
        prices,
        fact: &fact,
        ..found("openai", "gpt-4o-mini")
    };
    let catalogue = [Tariff::catalogue(&found)];
    assert_eq!(
        amount(&tokens(21, 1), &catalogue, &usual()).unwrap(),
        "0.00003"
    );
}

#[test]
fn the_class_of_service_that_was_given_is_charged() {
    let mini = ["openai", "gpt-5-mini"];
    let usage = |service| Usage {
        cached_input_tokens: 400,
        reasoning_tokens: 50,
        service,
        ..tokens(1000, 100)
    };
    // 600·2.5e-7 + 400·2.5e-8 + 100·2e-6.
    check(mini, &usage(None), &usual(), "0.00036");
    check(mini, &usage(Some(Service::Standard)), &usual(), "0.00036");
    // 600·1.25e-7 + 400·1.25e-8 + 100·1e-6.
    check(mini, &usage(Some(Service::Flex)), &usual(), "0.00018");
    check(mini, &usage(Some(Service::Batch)), &usual(), "0.00018");
    // 600·4.5e-7 + 400·4.5e-8 + 100·3.6e-6.
    check(mini, &usage(Some(Service::Priority)), &usual(), "0.000648");
    // What the caller knows stands over what the answer says.
    let batch = Terms {
        service: Some(Service::Batch),
        ..usual()
    };
    check(mini, &usage(Some(Service::Standard)), &batch, "0.00018");
    // No such class: 1000·1.5e-7 + 100·6e-7. A missing price is the usual one: batch has none for the cache.
    let cached = Usage {
        cached_input_tokens: 1000,
        service: Some(Service::Flex),
        ..tokens(1000, 100)
    };
    check(["openai", "gpt-4o-mini"], &cached, &usual(), "0.000135");
    // 1000·7.5e-8 + 100·3e-7.
    check(["openai", "gpt-4o-mini"], &cached, &batch, "0.000105");
}

#[test]
fn a_class_of_service_has_its_own_long_prompts_and_its_own_reasoning() {
    let gemini = ["gemini", "gemini-2.5-pro"];
    let usage = |input, service| Usage {
        service: Some(service),
        ..tokens(input, 1000)
    };
    // 200000·2.25e-6 + 1000·1.8e-5; 200001·4.5e-6 + 1000·2.7e-5.
    check(
        gemini,
        &usage(200_000, Service::Priority),
        &usual(),
        "0.468",
    );
    check(
        gemini,
        &usage(200_001, Service::Priority),
        &usual(),
        "0.9270045",
    );
    // 200000·6.25e-7 + 1000·5e-6. Flex has none of its own, so a long prompt costs the usual: see above.
    check(gemini, &usage(200_000, Service::Flex), &usual(), "0.13");
    check(
        gemini,
        &usage(200_001, Service::Flex),
        &usual(),
        "0.5150025",
    );
    // 10·5.4e-7 + 100·4.5e-6, all of it thought: as output, though usually it has a price of its own.
    let thought = Usage {
        reasoning_tokens: 100,
        service: Some(Service::Priority),
        ..tokens(10, 100)
    };
    check(
        ["gemini", "gemini-2.5-flash"],
        &thought,
        &usual(),
        "0.0004554",
    );
}

#[test]
fn off_peak_prices_hold_while_a_window_is_open() {
    // 1000·3e-7 + 100·1.2e-6, and half of it off-peak.
    const PEAK: &str = "0.00042";
    const OFF_PEAK: &str = "0.00021";
    let wednesday = WEDNESDAY - 3 * HOUR;
    let saturday = wednesday + 3 * DAY;
    for (time, expected) in [
        (wednesday, OFF_PEAK),
        (wednesday + HOUR - 1, OFF_PEAK),
        (wednesday + HOUR, PEAK),
        (wednesday + 4 * HOUR - 1, PEAK),
        (wednesday + 4 * HOUR, OFF_PEAK),
        (wednesday + 6 * HOUR - 1, OFF_PEAK),
        (wednesday + 6 * HOUR, PEAK),
        (wednesday + 10 * HOUR - 1, PEAK),
        (wednesday + 10 * HOUR, OFF_PEAK),
        (wednesday + DAY - 1, OFF_PEAK),
        (saturday - 1, OFF_PEAK),
        (saturday + 3 * HOUR, OFF_PEAK),
        (saturday + DAY + 9 * HOUR, OFF_PEAK),
        (saturday + 2 * DAY + 9 * HOUR, PEAK),
    ] {
        let model = ["deepseek", "deepseek-v4-flash"];
        check(model, &tokens(1000, 100), &at(time), expected);
    }
    let before = Terms::at(UNIX_EPOCH - Duration::from_secs(1));
    check(
        ["deepseek", "deepseek-v4-flash"],
        &tokens(1000, 100),
        &before,
        PEAK,
    );
}

#[test]
fn no_part_is_more_than_what_is_left_of_its_total() {
    let prices = Prices {
        cached_prompt: Some(Decimal::new(1, 7)),
        cache_write: Some(Decimal::new(2, 7)),
        cache_write_1h: Some(Decimal::new(3, 7)),
        audio_input: Some(Decimal::new(4, 6)),
        image_token: Some(Decimal::new(5, 6)),
        audio_output: Some(Decimal::new(6, 6)),
        image_output_token: Some(Decimal::new(7, 6)),
        reasoning: Some(Decimal::new(8, 6)),
        ..per_million(1, 2)
    };
    let usage = Usage {
        cached_input_tokens: 4,
        cache_write_tokens: 5,
        cache_write_1h_tokens: 2,
        audio_input_tokens: 6,
        image_input_tokens: 7,
        audio_output_tokens: 8,
        image_output_tokens: 9,
        reasoning_tokens: 10,
        ..tokens(16, 12)
    };
    let cost = Cost::of(&usage, &[Tariff::configured(&prices)], &usual());
    let bill = cost.bill.unwrap();
    let parts: Vec<_> = bill
        .parts
        .iter()
        .map(|part| (part.kind.as_str(), part.count))
        .collect();
    assert_eq!(
        parts,
        [
            ("cached_input", 4),
            ("cache_write", 3),
            ("cache_write_1h", 2),
            ("audio_input", 6),
            ("image_input", 1),
            ("audio_output", 8),
            ("image_output", 4),
        ]
    );
    // 4·1e-7 + 3·2e-7 + 2·3e-7 + 6·4e-6 + 1·5e-6 + 8·6e-6 + 4·7e-6.
    assert_eq!(plain(bill.total), "0.0001066");
}

#[test]
fn what_has_no_price_of_its_own_is_charged_as_plain_and_a_zero_is_a_price() {
    let usage = Usage {
        cached_input_tokens: 4,
        cache_write_tokens: 3,
        cache_write_1h_tokens: 2,
        audio_input_tokens: 1,
        reasoning_tokens: 5,
        ..tokens(10, 10)
    };
    let plainly = per_million(1, 2);
    assert_eq!(
        amount(&usage, &[Tariff::configured(&plainly)], &usual()).unwrap(),
        "0.00003"
    );
    let zero = Prices {
        cached_prompt: Some(Decimal::ZERO),
        reasoning: Some(Decimal::ZERO),
        ..plainly
    };
    // 6·1e-6 + 5·2e-6.
    assert_eq!(
        amount(&usage, &[Tariff::configured(&zero)], &usual()).unwrap(),
        "0.000016"
    );
    let write = Prices {
        cache_write: Some(Decimal::new(5, 6)),
        ..plainly
    };
    // 7·1e-6 + 3·5e-6 + 10·2e-6: an hour costs what the default time does, where it has no price.
    assert_eq!(
        amount(&usage, &[Tariff::configured(&write)], &usual()).unwrap(),
        "0.000042"
    );
    // An embedding needs no price for output.
    let input_only = Prices {
        completion: None,
        ..plainly
    };
    assert_eq!(
        amount(&tokens(7, 0), &[Tariff::configured(&input_only)], &usual()).unwrap(),
        "0.000007"
    );
    assert_eq!(
        amount(&tokens(7, 1), &[Tariff::configured(&input_only)], &usual()),
        None
    );
    assert_eq!(
        amount(
            &tokens(0, 0),
            &[Tariff::configured(&Prices::UNKNOWN)],
            &usual()
        ),
        None
    );
}

#[test]
fn fees_come_beside_the_tokens() {
    let prices = Prices {
        request: Some(decimal("0.005")),
        image: Some(decimal("0.001")),
        search: Some(decimal("0.01")),
        search_low: Some(decimal("0.008")),
        citation: Some(Decimal::new(2, 6)),
        ..per_million(1, 2)
    };
    let terms = Terms {
        images: 3,
        ..usual()
    };
    for (size, expected) in [
        // 0.00001 + 0.005 + 3·0.001 + 2·search + 4·2e-6.
        (Some(SearchSize::Low), "0.024018"),
        (Some(SearchSize::Medium), "0.028018"),
        (Some(SearchSize::High), "0.028018"),
        (None, "0.028018"),
    ] {
        let usage = Usage {
            searches: 2,
            search_size: size,
            citation_tokens: 4,
            ..tokens(10, 0)
        };
        let tariffs = [Tariff::configured(&prices)];
        assert_eq!(amount(&usage, &tariffs, &terms).as_deref(), Some(expected));
        // Without a price for searches nobody knows what it cost, unless a weaker source does.
        let silent = per_million(1, 2);
        let tariffs = [Tariff::listed(&silent, &[])];
        assert_eq!(amount(&usage, &tariffs, &terms), None);
    }
    let research = Usage {
        reasoning_tokens: 73_997,
        citation_tokens: 20_016,
        searches: 18,
        ..tokens(33, 81_160)
    };
    // 33·2e-6 + 7163·8e-6 + 73997·3e-6 + 18·0.005 + 20016·2e-6.
    check(
        ["perplexity", "sonar-deep-research"],
        &research,
        &usual(),
        "0.409393",
    );
}

#[test]
fn the_first_source_that_can_charge_decides_as_a_whole() {
    use PriceSource::{Catalogue, Configured, Listing, Local};
    let mini = found("openai", "gpt-4o-mini");
    let catalogue = Tariff::catalogue(&mini);
    let usage = Usage {
        cached_input_tokens: 100,
        ..tokens(100, 10)
    };
    let configured = per_million(3, 4);
    let listed = per_million(5, 6);
    let check = |tariffs: &[Tariff<'_>], expected: Option<&str>, sources: &[PriceSource]| {
        let cost = Cost::of(&usage, tariffs, &usual());
        assert_eq!(cost.amount().map(plain).as_deref(), expected);
        let told = cost.bill.iter().flat_map(|bill| &bill.parts);
        assert_eq!(told.map(|part| part.source).collect::<Vec<_>>(), sources);
    };
    // All input at the operator's price, though the catalogue has one for cached tokens.
    let all = [
        Tariff::configured(&configured),
        Tariff::listed(&listed, &[]),
        catalogue,
    ];
    check(&all, Some("0.00034"), &[Configured; 2]);
    check(&all[1..], Some("0.00056"), &[Listing; 2]);
    // 100·7.5e-8 + 10·6e-7.
    check(&all[2..], Some("0.0000135"), &[Catalogue; 2]);
    check(&[], None, &[]);
    // Too few to charge by, so they are laid over: 100·7.5e-8 + 10·4e-6.
    let output_only = Prices {
        prompt: None,
        ..configured
    };
    let over = [Tariff::configured(&output_only), catalogue];
    check(&over, Some("0.0000475"), &[Catalogue, Configured]);
    check(&over[..1], None, &[]);
    // A listing's are not: half of one list is no list.
    let half = [Tariff::listed(&output_only, &[]), catalogue];
    check(&half, Some("0.0000135"), &[Catalogue; 2]);
    let local = Tariff::unlisted(Unlisted::Free, "m");
    check(
        &[Tariff::configured(&Prices::UNKNOWN), local],
        Some("0"),
        &[Local; 2],
    );
    check(&[Tariff::unlisted(Unlisted::Unknown, "m")], None, &[]);
}

#[test]
fn ones_own_server_is_free_and_ollamas_cloud_is_not_known() {
    for (unlisted, model, expected) in [
        (Unlisted::Free, "m-cloud", Some("0")),
        (Unlisted::FreeUnlessCloud, "qwen3:8b", Some("0")),
        (Unlisted::FreeUnlessCloud, "gpt-oss:120b-cloud", None),
        (Unlisted::FreeUnlessCloud, "glm-4.6:cloud", None),
        (Unlisted::FreeUnlessCloud, "glm-4.6:Cloud", None),
        (Unlisted::FreeUnlessCloud, "", Some("0")),
        (Unlisted::Unknown, "qwen3:8b", None),
    ] {
        let tariffs = [Tariff::unlisted(unlisted, model)];
        let amount = amount(&tokens(5, 5), &tariffs, &usual());
        assert_eq!(amount.as_deref(), expected, "{unlisted:?} {model}");
    }
    let cloud = found("ollama", "gpt-oss:120b-cloud");
    assert_eq!(
        amount(&tokens(5, 5), &[Tariff::catalogue(&cloud)], &usual()),
        None
    );
}

#[test]
fn what_the_provider_reports_is_believed_and_the_bill_is_kept_beside_it() {
    let prices = per_million(1, 2);
    let tariffs = [Tariff::configured(&prices)];
    let terms = Terms {
        counts: Counts::Estimated,
        ..usual()
    };
    let usage = Usage {
        reported_cost: Some(decimal("0.5")),
        ..tokens(1, 1)
    };
    let cost = Cost::of(&usage, &tariffs, &terms);
    assert_eq!(cost.amount(), Some(decimal("0.5")));
    assert_eq!(cost.provenance().as_str(), "reported");
    assert_eq!(plain(cost.bill.unwrap().total), "0.000003");
    let unreported = Cost::of(&tokens(1, 1), &tariffs, &terms);
    assert_eq!(unreported.provenance().as_str(), "estimated");
    let told = Cost::of(&tokens(1, 1), &tariffs, &usual());
    assert_eq!(told.provenance().as_str(), "computed");
    let nobody = Cost::of(&tokens(1, 1), &[], &terms);
    assert_eq!(nobody.provenance().as_str(), "unknown");
    assert_eq!((nobody.amount(), Cost::UNKNOWN.amount()), (None, None));
    let negative = Usage {
        reported_cost: Some(decimal("-0.5")),
        ..tokens(1, 1)
    };
    assert_eq!(amount(&negative, &tariffs, &usual()).unwrap(), "0.000003");
}

#[test]
fn a_discount_is_taken_off_what_is_computed() {
    for (share, expected) in [("0", "0.0003"), ("0.15", "0.000255"), ("1", "0")] {
        let terms = Terms {
            discount: Some(Discount::new(decimal(share)).unwrap()),
            ..usual()
        };
        let prices = per_million(1, 2);
        let tariffs = [Tariff::configured(&prices)];
        assert_eq!(
            amount(&tokens(100, 100), &tariffs, &terms).unwrap(),
            expected
        );
        let reported = Usage {
            reported_cost: Some(Decimal::ONE),
            ..tokens(100, 100)
        };
        assert_eq!(amount(&reported, &tariffs, &terms).unwrap(), "1");
    }
    for share in ["-0.01", "1.01", "1000"] {
        assert_eq!(Discount::new(decimal(share)), None, "{share}");
    }
}

#[test]
fn what_cannot_be_held_is_unknown() {
    let huge = Prices {
        prompt: Some(MAX_AMOUNT),
        completion: Some(decimal("0.0000000000000000000000000001")),
        ..Prices::UNKNOWN
    };
    let tariffs = [Tariff::configured(&huge)];
    for usage in [
        tokens(u64::MAX, 0),
        tokens(1000, 1),
        tokens(u64::MAX, u64::MAX),
    ] {
        let cost = Cost::of(&usage, &tariffs, &usual());
        assert_eq!(
            (cost.amount(), cost.provenance()),
            (None, Provenance::Unknown)
        );
    }
    assert_eq!(
        amount(&tokens(1, 0), &tariffs, &usual()).unwrap(),
        "1000000000000"
    );
}

fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..5, 0_u64..2_000_000, any::<u64>()]
}

fn any_price() -> impl Strategy<Value = Option<Decimal>> {
    let price =
        (0_i64..1_000_000_000, 0_u32..=28).prop_map(|(digits, scale)| Decimal::new(digits, scale));
    prop::option::weighted(0.8, price)
}

prop_compose! {
    fn any_usage()(counts in prop::array::uniform12(any_count()), size in 0_usize..4, service in 0_usize..5) -> Usage {
        let [input, output, cached, write, hour, reasoning, audio_in, audio_out, image_in, image_out, citation, searches] = counts;
        Usage {
            input_tokens: input,
            output_tokens: output,
            cached_input_tokens: cached,
            cache_write_tokens: write,
            cache_write_1h_tokens: hour,
            reasoning_tokens: reasoning,
            audio_input_tokens: audio_in,
            audio_output_tokens: audio_out,
            image_input_tokens: image_in,
            image_output_tokens: image_out,
            citation_tokens: citation,
            searches,
            search_size: [None, Some(SearchSize::Low), Some(SearchSize::Medium), Some(SearchSize::High)][size],
            service: [None, Some(Service::Standard), Some(Service::Flex), Some(Service::Priority), Some(Service::Batch)][service],
            reported_cost: None,
        }
    }
}

prop_compose! {
    fn any_prices()(prices in prop::array::uniform16(any_price())) -> Prices {
        let [prompt, completion, cached_prompt, cache_write, cache_write_1h, reasoning, audio_input, audio_output, image_token, image_output_token, image, request, search, search_low, search_high, citation] = prices;
        Prices {
            prompt, completion, cached_prompt, cache_write, cache_write_1h, reasoning, audio_input, audio_output,
            image_token, image_output_token, image, request, search, search_low, search_high, citation,
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_counted_the_bill_adds_up(
        usage in any_usage(), prices in [any_prices(), any_prices()], images in any_count(), percent in 0_i64..=100,
    ) {
            use PartKind::{AudioInput, AudioOutput, CacheWrite, CacheWrite1h, CachedInput, ImageInput, ImageOutput, Input, Output, Reasoning};
        let terms = Terms {
            images,
            discount: Discount::new(Decimal::new(percent, 2)),
            ..usual()
        };
        let tariffs = [Tariff::configured(&prices[0]), Tariff::listed(&prices[1], &[])];
        let cost = Cost::of(&usage, &tariffs, &terms);
        let brief = Brief::of(&usage, &tariffs, &terms);
        prop_assert_eq!((brief.amount(), brief.provenance()), (cost.amount(), cost.provenance()));
        if let Some(bill) = cost.bill {
            let sum: Decimal = bill.parts.iter().map(|part| part.amount).sum();
            prop_assert_eq!(sum, bill.total);
            prop_assert!(bill.parts.iter().all(|part| part.count > 0 && part.amount >= Decimal::ZERO));
            let counted = |kinds: &[PartKind]| bill.parts.iter()
                .filter(|part| kinds.contains(&part.kind))
                .map(|part| u128::from(part.count)).sum::<u128>();
            prop_assert_eq!(
                counted(&[Input, CachedInput, CacheWrite, CacheWrite1h, AudioInput, ImageInput]),
                u128::from(usage.input_tokens)
            );
            prop_assert_eq!(
                counted(&[Output, AudioOutput, ImageOutput, Reasoning]),
                u128::from(usage.output_tokens)
            );
        }
    }

    #[test]
    fn every_model_of_the_catalogue_charges_no_less_for_more(
        usage in any_usage(), more in prop::array::uniform4(0_u64..100_000), section in 0..catalogue::PROVIDERS.len(), place in any::<prop::sample::Index>(),
    ) {
        let section = catalogue::section(catalogue::PROVIDERS[section]).unwrap();
        let id = section.models().nth(place.index(section.len())).unwrap().0;
        let found = section.get(id).unwrap();
        let tariffs = [Tariff::catalogue(&found)];
        // A class without long prompts' prices of its own falls back to the usual ones, which can be lower.
        let usage = Usage { service: None, ..usage };
        let larger = Usage {
            input_tokens: usage.input_tokens.saturating_add(more[0]),
            output_tokens: usage.output_tokens.saturating_add(more[1]),
            searches: usage.searches.saturating_add(more[2]),
            citation_tokens: usage.citation_tokens.saturating_add(more[3]),
            ..usage.clone()
        };
        let amounts = [&usage, &larger].map(|usage| Cost::of(usage, &tariffs, &usual()).amount());
        if let [Some(less), Some(more)] = amounts {
            prop_assert!(Decimal::ZERO <= less && less <= more, "{id}: {less} {more}");
        }
    }

    #[test]
    fn two_answers_cost_what_one_of_both_would(first in [0_u64..1_000_000, 0..1_000_000], second in [0_u64..1_000_000, 0..1_000_000], prices in any_prices()) {
        let prices = Prices { request: None, ..prices };
        let tariffs = [Tariff::configured(&prices)];
        let amount = |input, output| Cost::of(&tokens(input, output), &tariffs, &usual()).amount();
        let apart = [amount(first[0], first[1]), amount(second[0], second[1])];
        let both = amount(first[0] + second[0], first[1] + second[1]);
        if let ([Some(first), Some(second)], Some(both)) = (apart, both) {
            prop_assert_eq!(first + second, both);
        }
    }
}
