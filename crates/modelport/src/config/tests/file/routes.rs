//! `[[routes]]` and `[aliases]`.

use super::*;
use crate::config::report::startup_block;

/// Two providers and one that is disabled.
fn with(rest: &str) -> String {
    format!(
        "{A}{}{}enabled = false\n{rest}\n",
        A.replace("'a'", "'b'"),
        A.replace("'a'", "'off'")
    )
}

/// What the report says of the routes and aliases.
fn shown(rest: &str) -> String {
    let block = startup_block(&sound(&with(rest)), &[]);
    let at = block.find("\nRoutes\n").unwrap_or(block.len());
    block[at..].trim().to_owned()
}

#[test]
fn routes_are_read_and_shown() {
    let check = |rest: &str, expected: &str| {
        let shown = shown(&format!("[[routes]]\nmodel = 'm'\n{rest}"));
        let line = shown.lines().nth(1).unwrap();
        assert_eq!(line, format!("  m: {expected}"), "{rest}");
    };
    check(
        "targets = ['a:x', 'b']",
        "priority: a:x, b:*; retries up to 20 %",
    );
    check(
        "targets = ['a:llama3.1:8b', 'b:*']",
        "priority: a:llama3.1:8b, b:*; retries up to 20 %",
    );
    check(
        "policy = 'weighted'\ntargets = [{ target = 'a:x', weight = 3 }, 'b:y']",
        "weighted: a:x (weight 3), b:y; retries up to 20 %",
    );
    for policy in ["round-robin", "least-busy", "latency", "cost"] {
        check(
            &format!("policy = '{policy}'\ntargets = ['a']\nretry_share = 0"),
            &format!("{policy}: a:*; retries up to 0 %"),
        );
    }
    check(
        "policy = 'sticky'\ntargets = ['a']",
        "sticky by conversation: a:*; retries up to 20 %",
    );
    check(
        "policy = 'sticky'\nsticky = 'header:X-Session'\ntargets = ['a']",
        "sticky by header x-session: a:*; retries up to 20 %",
    );
    check(
        "policy = 'sticky'\nsticky = 'user'\ntargets = ['a']\nhedge = true\ntimeout = 2.5",
        "sticky by user: a:*; within 2.5 s; hedged when slower than usual, in up to 10 % of requests; retries up to 20 %",
    );
    check(
        "targets = ['a', 'b']\ncontinue_streams = true",
        "priority: a:*, b:*; streams go on elsewhere; retries up to 20 %",
    );
    check(
        "targets = ['a']\nhedge = false",
        "priority: a:*; retries up to 20 %",
    );
    check(
        "targets = ['a']\nhedge = { after = 1, max_share = 5 }",
        "priority: a:*; hedged after 1 s, in up to 5 % of requests; retries up to 20 %",
    );
    check(
        "targets = [{ target = 'a', when = { needs = ['vision', 'tools'], headers = { x-tier = 'hush' }, key_tags = { tier = 'gold*' }, min_input_tokens = 5, max_input_tokens = 9 } }]",
        "priority: a:* (when it needs vision and it needs tools and its header x-tier fits and its key's tag tier is gold* and it has 5 input tokens or more and it has 9 input tokens or fewer); retries up to 20 %",
    );
    check(
        "[[routes.groups]]\npolicy = 'cost'\ntargets = ['a']\n[[routes.groups]]\ntargets = ['b']",
        "cost: a:*; then priority: b:*; retries up to 20 %",
    );
    check(
        "[[routes.groups]]\nwhen = { key_tags = { job = '*' } }\ntargets = ['a']\n[[routes.groups]]\ntargets = ['b']",
        "priority (when its key's tag job is *): a:*; then priority: b:*; retries up to 20 %",
    );
}

#[test]
fn exact_names_come_before_patterns_and_longer_patterns_before_shorter() {
    let rest: String = ["*", "gpt-*", "x", "gpt-4*", "abc", "*:ab"]
        .map(|model| format!("[[routes]]\nmodel = '{model}'\ntargets = ['a', 'b']\n"))
        .concat();
    let config = sound(&with(&rest));
    let order: Vec<&str> = config.routes.iter().map(|route| &*route.model.0).collect();
    assert_eq!(order, ["x", "abc", "gpt-4*", "gpt-*", "*:ab", "*"]);
    assert!(config.warnings.is_empty(), "{}", warnings(&config));
}

#[test]
fn what_is_never_used_is_warned_of() {
    let check = |rest: &str, expected: &str| {
        assert_eq!(warnings(&sound(&with(rest))), expected, "{rest}");
    };
    check(
        "[[routes]]\nmodel = 'm'\ntargets = ['a']\n[[routes]]\nmodel = 'm'\ntargets = ['b']",
        "m.toml:14:1: routes.m: It is never used, since routes.m (m.toml:11) is for the same names and comes first.\n",
    );
    check(
        "[[routes]]\nmodel = '*'\ntargets = ['a', 'b']\n[[routes]]\nmodel = '**'\ntargets = ['b']",
        "m.toml:11:1: routes.\"*\": It is never used, since routes.\"**\" (m.toml:14) is for the same names and comes first.\n",
    );
    check(
        "[[routes]]\nmodel = '*'\ntargets = ['a']\n",
        "m.toml:4:1: providers.b: No route or alias leads to it, so only requests for b:MODEL get there.\n",
    );
    check(
        "[[routes]]\nmodel = '*'\ntargets = ['a']\n[aliases]\nz = 'b:m'",
        "",
    );
    check(
        "[aliases]\nz = 'gpt-4o'",
        "m.toml:12:5: aliases.z: No route and no provider has the name \"gpt-4o\", so it counts as a model's, which some provider must list.\n",
    );
}

#[test]
fn aliases_are_one_step() {
    let rest = "[[routes]]\nmodel = 'smart'\ntargets = ['a', 'b']\n[aliases]\n'gpt 4' = 'x'\n";
    assert!(faults(&with(rest)).contains("\"gpt 4\" cannot be asked for"));
    let rest = "[[routes]]\nmodel = 'smart'\ntargets = ['a', 'b']\n[aliases]\n'gpt-4.1' = 'smart'\nfast = 'a:x:y'\n";
    let config = sound(&with(rest));
    assert_eq!(config.aliases["gpt-4.1"], "smart");
    assert_eq!(config.aliases["fast"], "a:x:y");
    assert!(config.warnings.is_empty(), "{}", warnings(&config));
    assert!(shown(rest).ends_with("Aliases\n  fast: a:x:y\n  gpt-4.1: smart"));
}

#[test]
fn wrong_routes_and_aliases_are_told() {
    let check = |rest: &str, expected: &str| {
        let text = with(rest);
        assert_eq!(faults(&text), expected, "{rest}");
    };
    let route = |rest: &str| format!("[[routes]]\nmodel = 'm'\n{rest}");
    check(
        "[[routes]]\ntargets = ['a']",
        "m.toml:11:1: routes[0]: it has no model. Add model = …: The name that requests ask for, or a pattern in which * stands for any text.",
    );
    check(
        &route(""),
        "m.toml:11:1: routes.m: it has no targets. Add targets = [\"provider:model\"].",
    );
    check(
        &route("targets = []"),
        "m.toml:13:11: routes.m.targets: it holds no target. Add targets such as \"provider:model\".",
    );
    check(
        &route("targets = ['aa:x', 'gpt-4o', 'off:x', 'a:', 5]"),
        "m.toml:13:12: routes.m.targets[0]: there is no provider \"aa\" (\"aa:x\"). Did you mean a? Write provider:model, where the provider is one of a, b.\n\
         m.toml:13:20: routes.m.targets[1]: there is no provider \"gpt-4o\" (\"gpt-4o\"). Write provider:model, where the provider is one of a, b.\n\
         m.toml:13:30: routes.m.targets[2]: the provider off is disabled. Enable it, or remove this target.\n\
         m.toml:13:39: routes.m.targets[3]: \"a:\" names no model. Write a:MODEL, or a alone for the model that was asked for.\n\
         m.toml:13:45: routes.m.targets[4]: it is a number. Use \"provider:model\", or { target = \"provider:model\", weight = 3 }.",
    );
    check(
        &route("targets = ['a']\npolicy = 'fastest'"),
        "m.toml:14:10: routes.m.policy: \"fastest\" is not a policy. Use priority, weighted, round-robin, least-busy, latency, cost or sticky.",
    );
    check(
        &route("targets = ['a']\nsticky = 'user'"),
        "m.toml:14:10: routes.m.sticky: it is of use only to the policy sticky. Add policy = \"sticky\", or remove this.",
    );
    check(
        &route("targets = ['a']\npolicy = 'sticky'\nsticky = 'header:'"),
        "m.toml:15:10: routes.m.sticky: \"header:\" does not say what makes requests belong together. Use conversation, user or header:NAME, such as header:x-session.",
    );
    check(
        &route("targets = ['a']\nretry_share = 101\nhedge = 5\ntimeout = 0"),
        "m.toml:14:15: routes.m.retry_share: \"101\" is not a whole number from 0 to 100. Use one that is.\n\
         m.toml:15:9: routes.m.hedge: it is a number (\"5\"). Use true, false or a table with keys from after, max_share.\n\
         m.toml:16:11: routes.m.timeout: \"0\" seconds is out of range. Use a number above 0 and at most 86400.",
    );
    check(
        &route(
            "targets = [{ target = 'a', weight = 0, when = { needs = ['visoin'], min_input_tokens = 2, max_input_tokens = 1, header = {} } }]",
        ),
        "m.toml:13:37: routes.m.targets[0].weight: \"0\" is not a whole number from 1 to 1000. Use one that is.\n\
         m.toml:13:47: routes.m.targets[0].when: no request has at least 2 and at most 1 input tokens. Exchange the two.\n\
         m.toml:13:58: routes.m.targets[0].when.needs[0]: \"visoin\" is not an ability of models. Did you mean vision?\n\
         m.toml:13:113: routes.m.targets[0].when.header: there is no such key. Did you mean headers?",
    );
    check(
        &route(
            "[[routes.groups]]\ntargets = ['a']\nwhen = { key_tag = {}, key_tags = { tier = 5 } }",
        ),
        "m.toml:15:10: routes.m.groups[0].when.key_tag: there is no such key. Did you mean key_tags?\n\
         m.toml:15:44: routes.m.groups[0].when.key_tags.tier: it is a number (\"5\"). Use a table of texts.",
    );
    check(
        &route("targets = [{ target = 'a', when = { key_tags = { '' = 'x', job = \"a\\nb\" } } }]"),
        "m.toml:13:50: routes.m.targets[0].when.key_tags.\"\": no key has such a tag. Use a name and a value of up to 200 characters, none of them a control character.\n\
         m.toml:13:60: routes.m.targets[0].when.key_tags.job: no key has such a tag. Use a name and a value of up to 200 characters, none of them a control character.",
    );
    check(
        &route("targets = ['a']\nwhen = { key_tags = { tier = 'gold' } }"),
        "m.toml:14:1: routes.m.when: there is no such key. Use one of model, policy, sticky, targets, groups, retry_share, timeout, hedge, continue_streams.",
    );
    check(
        &route("targets = ['a']\n[[routes.groups]]\ntargets = ['a']"),
        "m.toml:13:11: routes.m.targets: the route has groups as well. Write it into one of the [[routes.groups]].",
    );
    check(
        &route(
            "targets = ['a', 'b']\n[aliases]\nm = 'a:x'\nx = 'y'\ny = 'a:z'\nz = 'off:q'\nw = 'a'\nv = ''",
        ),
        "m.toml:15:1: aliases.m: routes.m (m.toml:11) has this name too. Rename one of the two.\n\
         m.toml:16:5: aliases.x: \"y\" is an alias itself. Write what that one stands for.\n\
         m.toml:18:5: aliases.z: the provider off is disabled (\"off:q\"). Enable it, or remove this alias.\n\
         m.toml:19:5: aliases.w: \"a\" is a provider and names no model. Write provider:model, the name of a route or the name of a model.\n\
         m.toml:20:5: aliases.v: \"\" names no model. Write provider:model, the name of a route or the name of a model.",
    );
}
