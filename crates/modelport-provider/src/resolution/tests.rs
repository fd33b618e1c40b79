use proptest::prelude::*;

use super::*;

const OPENAI: usize = 0;
const OPENROUTER: usize = 1;
const OLLAMA: usize = 2;
const MISTRAL: usize = 3;
const AZURE: usize = 4;
const GEMINI: usize = 5;
const OFF: usize = 6;

/// What each provider lists, by place.
const LISTS: [&[&str]; 7] = [
    &[
        "gpt-4o-mini",
        "gpt-4o",
        "ft:gpt-4o-mini-2024-07-18:org::AbC",
        "shared",
    ],
    &[
        "google/gemma-4-31b-it:free",
        "deepseek/deepseek-r1:free",
        "deepseek/deepseek-r1",
        "openai/gpt-4o",
        "shared",
    ],
    &[
        "llama3.1:8b",
        "llama3.2:latest",
        "mistral:7b",
        "example/custom:latest",
        "openai:gpt-4o",
        "shared",
    ],
    &["mistral-small-latest"],
    &["my-deployment"],
    &["gemini-2.5-pro", "models/gemini-kept"],
    &["only-off", "gpt-4o"],
];

fn has(place: usize, id: &str) -> bool {
    LISTS.get(place).is_some_and(|list| list.contains(&id))
}

fn provider(id: &str, spelling: Spelling) -> ProviderEntry {
    ProviderEntry {
        id: id.to_owned(),
        aliases: Vec::new(),
        spelling,
        enabled: true,
        default_model: None,
    }
}

fn resolver_preferring(preferred: usize) -> Resolver {
    let mut providers = vec![
        provider("openai", Spelling::Plain),
        provider("openrouter", Spelling::OpenRouter),
        provider("ollama", Spelling::Ollama),
        provider("mistral", Spelling::Plain),
        provider("az", Spelling::Plain),
        provider("gemini", Spelling::Gemini),
        provider("off", Spelling::Plain),
    ];
    providers[OPENAI].default_model = Some("gpt-4o".to_owned());
    providers[OPENROUTER].aliases = vec!["or".to_owned(), "router".to_owned()];
    providers[OLLAMA].default_model = Some("openrouter:deepseek/deepseek-r1:free".to_owned());
    providers[MISTRAL].default_model = Some("shared".to_owned());
    providers[OFF].enabled = false;
    providers[OFF].aliases = vec!["out".to_owned()];
    let aliases = [
        ("fast", "gpt-4o-mini"),
        ("local", "ollama:llama3.1:8b"),
        ("gpt-4o", "az:my-deployment"),
        ("twice", "fast"),
        ("dead", "off:x"),
    ];
    let aliases = aliases.map(|(name, target)| (name.to_owned(), target.to_owned()));
    Resolver::new(providers, preferred, HashMap::from(aliases))
}

fn check(requested: &str, provider: usize, model: &str, how: How, others: &[usize]) {
    let resolver = resolver_preferring(OPENAI);
    let resolution = resolver.resolve(Some(requested), has).unwrap();
    let expected = Resolution {
        model: model.into(),
        provider,
        others: others.to_vec(),
        how,
    };
    assert_eq!(resolution, expected, "{requested}");
}

#[test]
fn the_fact_sheets_table() {
    check(
        "openai:gpt-4o-mini",
        OPENAI,
        "gpt-4o-mini",
        How::Prefix,
        &[],
    );
    check(
        "openrouter:google/gemma-4-31b-it:free",
        OPENROUTER,
        "google/gemma-4-31b-it:free",
        How::Prefix,
        &[],
    );
    check(
        "google/gemma-4-31b-it:free",
        OPENROUTER,
        "google/gemma-4-31b-it:free",
        How::Listed,
        &[],
    );
    check(
        "ollama:llama3.1:8b",
        OLLAMA,
        "llama3.1:8b",
        How::Prefix,
        &[],
    );
    check("llama3.1:8b", OLLAMA, "llama3.1:8b", How::Listed, &[]);
    check("llama3.2", OLLAMA, "llama3.2", How::Spelling, &[]);
    check("mistral:7b", MISTRAL, "7b", How::Prefix, &[]);
    check("ollama:mistral:7b", OLLAMA, "mistral:7b", How::Prefix, &[]);
    check(
        "ft:gpt-4o-mini-2024-07-18:org::AbC",
        OPENAI,
        "ft:gpt-4o-mini-2024-07-18:org::AbC",
        How::Listed,
        &[],
    );
    check(
        "openai/gpt-4o",
        OPENROUTER,
        "openai/gpt-4o",
        How::Listed,
        &[],
    );
    check("az:my-deployment", AZURE, "my-deployment", How::Prefix, &[]);
    check(
        "openai:ft:gpt-4o-mini:org::x",
        OPENAI,
        "ft:gpt-4o-mini:org::x",
        How::Prefix,
        &[],
    );
    // The contract's last step in place of the sheet's 404: the preferred provider gets it as it is.
    check("openai:", OPENAI, "openai:", How::Preferred, &[]);
    check(
        "OpenAI:gpt-4o",
        OPENAI,
        "OpenAI:gpt-4o",
        How::Preferred,
        &[],
    );
}

#[test]
fn the_contracts_examples_mean_what_they_look_like() {
    check("llama3.1:8b", OLLAMA, "llama3.1:8b", How::Listed, &[]);
    check(
        "deepseek/deepseek-r1:free",
        OPENROUTER,
        "deepseek/deepseek-r1:free",
        How::Listed,
        &[],
    );
    check(
        "openrouter:deepseek/deepseek-r1:free",
        OPENROUTER,
        "deepseek/deepseek-r1:free",
        How::Prefix,
        &[],
    );
}

#[test]
fn a_bare_model_goes_to_the_preferred_provider_that_lists_it_and_may_fail_over() {
    check(
        "shared",
        OPENAI,
        "shared",
        How::Listed,
        &[OPENROUTER, OLLAMA],
    );
    let resolver = resolver_preferring(OLLAMA);
    let resolution = resolver.resolve(Some("shared"), has).unwrap();
    assert_eq!(
        (resolution.provider, resolution.others),
        (OLLAMA, vec![OPENAI, OPENROUTER])
    );
    let resolution = resolver.resolve(Some("gpt-4o-mini"), has).unwrap();
    assert_eq!((resolution.provider, resolution.how), (OPENAI, How::Listed));
    // A disabled provider's list does not count.
    check("only-off", OPENAI, "only-off", How::Preferred, &[]);
}

#[test]
fn providers_take_their_own_spellings() {
    check(
        "example/custom",
        OLLAMA,
        "example/custom",
        How::Spelling,
        &[],
    );
    check(
        "models/gemini-2.5-pro",
        GEMINI,
        "models/gemini-2.5-pro",
        How::Spelling,
        &[],
    );
    check("gemini-kept", GEMINI, "gemini-kept", How::Spelling, &[]);
    check(
        "deepseek/deepseek-r1:nitro",
        OPENROUTER,
        "deepseek/deepseek-r1:nitro",
        How::Spelling,
        &[],
    );
    check(
        "~anthropic/claude-sonnet-latest",
        OPENROUTER,
        "~anthropic/claude-sonnet-latest",
        How::Spelling,
        &[],
    );
    check(
        "deepseek/deepseek-r1:unheard",
        OPENAI,
        "deepseek/deepseek-r1:unheard",
        How::Preferred,
        &[],
    );
    check(
        "nobody/has-it",
        OPENAI,
        "nobody/has-it",
        How::Preferred,
        &[],
    );
}

#[test]
fn aliases_come_first_and_are_followed_once() {
    check("fast", OPENAI, "gpt-4o-mini", How::Alias, &[]);
    check("local", OLLAMA, "llama3.1:8b", How::Alias, &[]);
    check("gpt-4o", AZURE, "my-deployment", How::Alias, &[]);
    check("twice", OPENAI, "fast", How::Alias, &[]);
    check("or:x/y", OPENROUTER, "x/y", How::Prefix, &[]);
    check("router:x", OPENROUTER, "x", How::Prefix, &[]);
}

#[test]
fn a_prefix_beats_every_list() {
    // Ollama lists `openai:gpt-4o` and `mistral:7b` as they are.
    check("openai:gpt-4o", OPENAI, "gpt-4o", How::Prefix, &[]);
    check(
        "ollama:openai:gpt-4o",
        OLLAMA,
        "openai:gpt-4o",
        How::Prefix,
        &[],
    );
    let resolver = resolver_preferring(OPENAI);
    assert_eq!(
        resolver.explicit_spelling(OLLAMA, "mistral:7b").as_deref(),
        Some("ollama:mistral:7b")
    );
    for id in ["llama3.1:8b", "mistral-small-latest", "mistral:"] {
        assert_eq!(resolver.explicit_spelling(OLLAMA, id), None, "{id}");
    }
}

#[test]
fn what_cannot_be_resolved_says_why() {
    let resolver = resolver_preferring(OPENAI);
    let off = ResolutionFault::Disabled {
        provider: "off".to_owned(),
    };
    let long = "m".repeat(MAX_MODEL + 1);
    for (requested, expected) in [
        ("", ResolutionFault::Malformed),
        (" ", ResolutionFault::Malformed),
        ("gpt 4", ResolutionFault::Malformed),
        ("gpt-4\u{0}", ResolutionFault::Malformed),
        ("gpt-4\n", ResolutionFault::Malformed),
        (long.as_str(), ResolutionFault::Malformed),
        ("off:only-off", off.clone()),
        ("out:only-off", off.clone()),
        ("dead", off),
    ] {
        assert_eq!(
            resolver.resolve(Some(requested), has).unwrap_err(),
            expected,
            "{requested}"
        );
    }
    assert!(resolver.resolve(Some(&long[1..]), has).is_ok());
    let nothing = Resolver::default();
    assert_eq!(
        nothing.resolve(Some("x"), has).unwrap_err(),
        ResolutionFault::NoProvider
    );
    assert_eq!(
        nothing.resolve(None, has).unwrap_err(),
        ResolutionFault::NoProvider
    );
}

#[test]
fn no_model_means_the_preferred_providers_default() {
    for (preferred, provider, model, others) in [
        (OPENAI, OPENAI, "gpt-4o", vec![]),
        // Its default carries a prefix.
        (OLLAMA, OPENROUTER, "deepseek/deepseek-r1:free", vec![]),
        // Others list it, but the preferred one gets it.
        (MISTRAL, MISTRAL, "shared", vec![OPENAI, OPENROUTER, OLLAMA]),
        // Disabled: the first enabled one stands in; so it does for one that does not exist.
        (OFF, OPENAI, "gpt-4o", vec![]),
        (99, OPENAI, "gpt-4o", vec![]),
    ] {
        let resolver = resolver_preferring(preferred);
        let resolution = resolver.resolve(None, has).unwrap();
        assert_eq!(
            resolution,
            Resolution {
                model: model.into(),
                provider,
                others,
                how: How::Default
            }
        );
    }
    let fault = resolver_preferring(AZURE).resolve(None, has).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the request names no model and provider 'az' has no default; name one, or set AZ_DEFAULT_MODEL"
    );
    let provider = "openai_compatible_groq".to_owned();
    let fault = ResolutionFault::NoDefault { provider };
    let variable = "OPENAI_COMPATIBLE_GROQ_DEFAULT_MODEL";
    assert!(fault.to_string().ends_with(variable));
}

#[test]
fn hints_say_what_may_have_been_meant() {
    let resolver = resolver_preferring(OPENAI);
    for (requested, hint) in [
        ("OpenAI:gpt-4o", Some("openai:gpt-4o")),
        ("OLLAMA:llama3.1:8b", Some("ollama:llama3.1:8b")),
        ("openai/gpt-4o", Some("openai:gpt-4o")),
        ("OR:x", Some("or:x")),
        ("openai:gpt-4o", None),
        ("vendor/model:free", None),
        ("gpt-4o", None),
        ("OpenAI:", None),
        ("", None),
    ] {
        assert_eq!(resolver.hint(requested).as_deref(), hint, "{requested}");
    }
}

#[test]
fn provider_ids() {
    for good in [
        "a",
        "openai_compatible",
        "openai_compatible_2",
        "my-azure",
        &"a".repeat(64),
    ] {
        assert!(is_provider_id(good), "{good}");
    }
    for bad in [
        "",
        "ft",
        "2x",
        "_x",
        "-x",
        "Openai",
        "a.b",
        "a/b",
        "a:b",
        "a b",
        "ä",
        &"a".repeat(65),
    ] {
        assert!(!is_provider_id(bad), "{bad}");
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_the_provider_is_enabled(requested in "\\PC{0,40}|[a-z:/~.]{0,30}|(openai|or|off|ft|ollama):[a-z:/]{0,12}", preferred in 0_usize..9) {
        let resolver = resolver_preferring(preferred);
        if let Ok(resolution) = resolver.resolve(Some(&requested), has) {
            prop_assert!(resolver.providers()[resolution.provider].enabled);
            prop_assert!(!resolution.others.contains(&resolution.provider));
        }
        let _ = resolver.hint(&requested);
        let _ = resolver.explicit_spelling(OLLAMA, &requested);
    }

    #[test]
    fn a_prefix_beats_any_catalogue(model in "[a-zA-Z0-9:/._-]{1,40}", lists in any::<[bool; 7]>()) {
        let resolver = resolver_preferring(OPENAI);
        let requested = format!("ollama:{model}");
        let resolution = resolver.resolve(Some(&requested), |place, _| lists[place]).unwrap();
        let expected = Resolution { model: model.as_str().into(), provider: OLLAMA, others: vec![], how: How::Prefix };
        prop_assert_eq!(resolution, expected);
    }
}
