//! `modelport chat`: what it shows of answers, and how it ends.

use std::{net::TcpListener, time::Duration};

use modelport_sim::{Options, Outcome};
use serde_json::Value;

use crate::support::{
    A_DOLLAR_EACH, Gateway, Upstream,
    commands::{Ran, Running, finish, on_terminal},
    gateway::command,
    wait_until,
};

const SOON: Duration = Duration::from_secs(20);

/// A caller's key of the gateway.
const KEY: (&str, &str) = ("MODELPORT_API_KEY", "first-caller-key-1");

fn slow() -> Options {
    Options {
        tokens: Some(60),
        tokens_per_second: 20,
        ..Options::default()
    }
}

fn gateway(upstream: &Upstream, more: &[(&str, &str)]) -> Gateway {
    let settings = [&[("OPENAI_COMPATIBLE_MAX_RETRIES", "0")], more].concat();
    Gateway::before(&upstream.base_url(), &settings)
}

fn url(gateway: &Gateway) -> String {
    format!("http://{}", gateway.addr())
}

/// Runs a chat in a working directory without a configuration.
fn chat(url: &str, settings: &[(&str, &str)], arguments: &[&str], input: &str) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let mut command = command(settings, home.path());
    command.args(["chat", "--url", url]).args(arguments);
    finish(command, input)
}

#[test]
fn an_answer_is_shown_as_it_comes_with_its_figures_after_it() {
    let upstream = Upstream::with(slow());
    let gateway = gateway(&upstream, &[]);
    let mut running = Running::of(|home| {
        let mut command = command(&[], home.path());
        command.args(["chat", "sim-fast", "--url", &url(&gateway)]);
        command.args(["--system", "Be brief.", "--once", "Hello there!"]);
        command
    });
    running.wait_for(|out| !out.is_empty());
    let first = running.out();
    assert_eq!(running.err(), "");
    assert!(!running.is_over(), "{first}");
    assert_eq!(running.status(), Some(0), "{}", running.err());
    assert!(wait_until(SOON, || running.err().ends_with('\n')));
    let (out, err) = (running.out(), running.err());
    assert!(out.starts_with(&first) && out.len() > first.len(), "{out}");
    assert!(out.ends_with('\n') && !out.contains('\x1b'), "{out:?}");
    assert!(
        err.starts_with("sim-fast · openai_compatible · first token "),
        "{err}"
    );
    for words in [" · total ", " tokens in, 60 out"] {
        assert!(err.contains(words), "{words:?} is not in {err}");
    }
    assert_eq!(err.lines().count(), 1, "{err}");
    let seen = upstream.completions();
    let body: Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(body["messages"][0]["content"], "Be brief.");
    assert_eq!(body["messages"][1]["content"], "Hello there!");
    assert!(!gateway.output().contains("Hello there!"));
}

#[test]
fn an_interrupt_stops_the_answer_at_the_provider_too() {
    let upstream = Upstream::with(slow());
    let gateway = gateway(&upstream, &[]);
    let mut running = Running::of(|home| {
        let mut command = command(&[], home.path());
        command.args(["chat", "sim-fast", "--once", "Hi", "--url", &url(&gateway)]);
        command
    });
    running.wait_for(|out| !out.is_empty());
    running.interrupt();
    assert_eq!(running.status(), Some(1));
    assert!(
        wait_until(SOON, || running.err().ends_with(" · stopped\n")),
        "{}",
        running.err()
    );
    assert!(
        upstream.wait_for(SOON, |seen| matches!(
            seen[0].outcome,
            Outcome::Cancelled { .. }
        )),
        "{:?}",
        upstream.completions()
    );
}

#[test]
fn a_terminal_has_a_conversation() {
    let upstream = Upstream::with(slow());
    let gateway = gateway(&upstream, &[]);
    let mut running = Running::of(|home| {
        on_terminal(
            &["chat", "sim-fast", "--url", &url(&gateway)],
            &[],
            home.path(),
        )
    });
    running.wait_for(|out| out.contains("> ") && out.contains("Ctrl-C stops"));
    let before = running.out().len();
    running.type_in("The first\n");
    // Behind the echo of what was typed.
    running.wait_for(|out| out.len() > before + "The first\r\n".len());
    assert!(upstream.wait_for(SOON, |seen| seen.len() == 1));
    running.wait_for(|out| out.len() > before + 40);
    running.type_in("\x03");
    running.wait_for(|out| out.contains(" · stopped\x1b[0m"));
    running.type_in("The second\n");
    running.wait_for(|out| out.matches(" · total ").count() == 2);
    running.type_in("\n/quit\n");
    assert_eq!(running.status(), Some(0), "{}", running.out());
    let seen = upstream.completions();
    let body: Value = serde_json::from_slice(&seen[1].body).unwrap();
    let messages = body["messages"].as_array().unwrap();
    let roles: Vec<_> = messages.iter().map(|said| &said["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
    assert_eq!(messages[0]["content"], "The first");
    assert_eq!(messages[2]["content"], "The second");
}

#[test]
fn a_terminal_chat_ends_at_its_prompt_by_ctrl_c_and_ctrl_d() {
    let upstream = Upstream::start();
    let gateway = gateway(&upstream, &[]);
    for key in ["\x03", "\x04"] {
        let mut running = Running::of(|home| {
            let arguments = ["chat", "--url", &url(&gateway)];
            on_terminal(&arguments, &[("NO_COLOR", "1")], home.path())
        });
        running.wait_for(|out| out.ends_with("> "));
        assert!(!running.out().contains('\x1b'), "{:?}", running.out());
        running.type_in(key);
        assert_eq!(running.status(), Some(0), "{key:?}: {}", running.out());
    }
}

#[test]
fn standard_input_is_asked_once_and_the_answer_printed_as_json() {
    let upstream = Upstream::start();
    let home = tempfile::tempdir().unwrap();
    let prices = home.path().join("prices.json");
    std::fs::write(&prices, A_DOLLAR_EACH).unwrap();
    let told = [
        ("MODELPORT_CATALOGUE", prices.to_str().unwrap()),
        ("MODELPORT_STREAM_COST", "true"),
    ];
    let gateway = gateway(&upstream, &told);
    let ran = chat(
        &url(&gateway),
        &[],
        &["sim-fast", "--json"],
        "From a pipe\n",
    );
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert_eq!(ran.err, "");
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(answer["object"], "chat.answer");
    assert_eq!(answer["model"], "sim-fast");
    assert_eq!(answer["provider"], "openai_compatible");
    assert_eq!(answer["finish_reason"], "stop");
    assert_eq!(answer["stopped"], false);
    assert_eq!(answer["cost_usd"], "1");
    assert!(!answer["text"].as_str().unwrap().is_empty());
    assert!(answer["usage"]["completion_tokens"].as_u64() > Some(0));
    assert!(answer["first_token_ms"].as_u64() <= answer["total_ms"].as_u64());
    let seen = upstream.completions();
    let body: Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(body["messages"][0]["content"], "From a pipe\n");
    let ran = chat(&url(&gateway), &[], &["sim-fast"], "Again");
    assert!(ran.err.contains(" · $1\n"), "{}", ran.err);
    let ran = chat(&url(&gateway), &[], &["sim-fast"], " \n");
    assert_eq!(ran.status, Some(2));
    assert!(ran.err.contains("nothing to ask"), "{}", ran.err);
    let ran = chat(&url(&gateway), &[], &["--once", ""], "");
    assert_eq!(ran.status, Some(2), "{}", ran.err);
}

#[test]
fn errors_are_told_in_the_gateways_words() {
    let upstream = Upstream::start();
    let open = gateway(&upstream, &[]);
    let ask = |model: &str| chat(&url(&open), &[], &[model, "--once", "Hi"], "");
    let ran = ask("fault/status-400");
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""));
    assert!(
        ran.err.starts_with("modelport chat: http://127.0.0.1:")
            && ran.err.contains("answers 400 Bad Request: "),
        "{}",
        ran.err
    );
    let ran = ask("fault/cut-3");
    assert_eq!(ran.status, Some(1), "{}", ran.err);
    assert!(ran.out.len() > 2 && ran.out.ends_with('\n'), "{}", ran.out);
    assert!(ran.err.starts_with("modelport chat: "), "{}", ran.err);
    assert!(!ran.err.contains("total"), "{}", ran.err);

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let nobody = format!("http://{}", nobody.unwrap());
    let ran = chat(&nobody, &[], &["m", "--once", "Hi"], "");
    assert_eq!(ran.status, Some(1), "{}", ran.err);
    assert!(
        ran.err.contains("no gateway answers at http://127.0.0.1:"),
        "{}",
        ran.err
    );
}

#[test]
fn the_key_is_that_of_its_variable() {
    let upstream = Upstream::start();
    let locked = gateway(&upstream, &[KEY]);
    let ask = |settings: &[(&str, &str)], more: &[&str]| {
        let arguments = [&["sim-fast", "--once", "Hi"], more].concat();
        let ran = chat(&url(&locked), settings, &arguments, "");
        let said = ran.out + &ran.err;
        assert!(!said.contains("caller-key"), "{said}");
        (ran.status, said)
    };
    assert_eq!(ask(&[("MODELPORT_KEY", KEY.1)], &[]).0, Some(0));
    let named = ["--key-env", "THEIRS"];
    assert_eq!(ask(&[("THEIRS", KEY.1)], &named).0, Some(0));
    // What the gateway is configured with counts where nothing is named.
    assert_eq!(ask(&[KEY], &[]).0, Some(0));
    for settings in [&[][..], &[("MODELPORT_KEY", "wrong-caller-key")]] {
        let (status, said) = ask(settings, &[]);
        assert_eq!(status, Some(1), "{said}");
        for words in ["answers 401 Unauthorized: ", "MODELPORT_KEY", "--key-env"] {
            assert!(said.contains(words), "{words:?} is not in {said}");
        }
    }
    let (status, said) = ask(&[], &named);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("no variable THEIRS"), "{said}");
}
