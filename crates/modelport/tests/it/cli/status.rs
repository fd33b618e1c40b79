//! `modelport status`: what it shows of a running gateway, and its exit statuses.

use std::{fs, net::TcpListener, time::Duration};

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{
    Gateway, Upstream,
    commands::{Ran, Running, finish, on_terminal},
    gateway::command,
    wait_until,
};

const SOON: Duration = Duration::from_secs(20);

const ADMIN: (&str, &str) = ("MODELPORT_ADMIN_KEY", "first-admin-key-1");

fn url(gateway: &Gateway) -> String {
    format!("http://{}", gateway.addr())
}

/// Runs it in a working directory without a configuration.
fn status(url: &str, settings: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let mut command = command(settings, home.path());
    command.args(["status", "--url", url]).args(arguments);
    finish(command, "")
}

fn chat(gateway: &Gateway, model: &str) -> u16 {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
    gateway.chat(&body).status
}

/// The line of a report that begins so, with every run of blanks made one.
fn line(report: &str, begin: &str) -> String {
    let lines = report
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut lines = lines.filter(|line| line.starts_with(begin));
    lines
        .next()
        .unwrap_or_else(|| panic!("no line begins with {begin:?} in\n{report}"))
}

#[test]
fn requests_providers_and_limits_are_shown() {
    let upstream = Upstream::start();
    let home = tempfile::tempdir().unwrap();
    let file = format!(
        "[[providers]]\nid = 'a'\nbase_url = '{}'\nmax_retries = 0\n\
         [[limits]]\nrequests_per_minute = 40\n",
        upstream.base_url()
    );
    fs::write(home.path().join("modelport.toml"), file).unwrap();
    let gateway = Gateway::start_in(home, &[]);
    assert_eq!(chat(&gateway, "sim-fast"), 200);
    assert_eq!(chat(&gateway, "sim-fast"), 200);
    assert_eq!(chat(&gateway, "fault/status-500"), 500);
    // Requests are counted once they have ended, which a caller can learn of before.
    let mut ran = status(&url(&gateway), &[], &[]);
    wait_until(SOON, || {
        ran = status(&url(&gateway), &[], &[]);
        ran.out.contains(" 3 requests")
    });
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert_eq!(ran.err, "");
    let report = &ran.out;
    let heading = format!(
        "{}/v1 is ready, with configuration 1 since 2",
        url(&gateway)
    );
    assert!(report.starts_with(&heading), "{report}");
    assert_eq!(
        line(report, "Last 1h"),
        "Last 1h 3 requests, 1 failed (33.3 %); 0 in flight now"
    );
    assert!(line(report, "Latency p50 ").ends_with('s'), "{report}");
    assert!(line(report, "Tokens ").ends_with(" out"), "{report}");
    assert_eq!(
        line(report, "Spend "),
        "Spend $0.00, and 2 requests that nobody states a price for"
    );
    assert!(line(report, "a ").contains(" 0 3 1 "), "{report}");
    assert!(line(report, "requests").contains(" 40 2"), "{report}");
    assert!(!report.contains('\x1b'), "{report:?}");

    let ran = status(&url(&gateway), &[], &["--json", "--range", "15m"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let all: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(all["object"], "status");
    assert_eq!(all["ready"], true);
    assert_eq!(all["range"], "15m");
    assert_eq!(all["in_flight"], 0);
    assert_eq!(all["total"]["requests"], 3);
    assert_eq!(all["by_provider"][0]["name"], "a");
    assert!(all["by_provider"][0].get("steps").is_none());
    let mut providers = all["providers"].as_array().unwrap().iter();
    assert!(providers.any(|provider| provider["id"] == "a"), "{all}");
    assert_eq!(all["limits"][0]["amount"], 40);
    let ran = status(&url(&gateway), &[], &["--range", "2h"]);
    assert_eq!(ran.status, Some(2), "{}", ran.err);
}

#[test]
fn an_admin_key_is_shown_where_it_is_meant() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[ADMIN]);
    assert_eq!(status(&url(&gateway), &[ADMIN], &[]).status, Some(0));
    let named = status(
        &url(&gateway),
        &[("THEIRS", ADMIN.1)],
        &["--key-env", "THEIRS"],
    );
    assert_eq!(named.status, Some(0), "{}", named.err);
    for settings in [&[][..], &[(ADMIN.0, "wrong-admin-key-1")]] {
        let ran = status(&url(&gateway), settings, &[]);
        assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""));
        for words in [
            "modelport status: ",
            "answers 401 Unauthorized: ",
            "MODELPORT_ADMIN_KEY",
        ] {
            assert!(ran.err.contains(words), "{words:?} is not in {}", ran.err);
        }
        assert!(!ran.err.contains("admin-key"), "{}", ran.err);
    }
}

#[test]
fn a_gateway_that_is_away_gives_status_1() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let nobody = format!("http://{}", nobody.unwrap());
    let ran = status(&nobody, &[], &[]);
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""));
    assert!(
        ran.err.contains("no gateway answers at http://127.0.0.1:"),
        "{}",
        ran.err
    );
    let ran = status(&nobody, &[], &["--json"]);
    assert_eq!((ran.status, ran.err.as_str()), (Some(1), ""));
    let all: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(all["ready"], false);
    assert!(all["problem"].as_str().unwrap().contains("no gateway"));
    let other = Upstream::start();
    let ran = status(&other.base_url(), &[], &[]);
    assert_eq!(ran.status, Some(1), "{}", ran.err);
    assert!(ran.err.contains(" is no modelport"), "{}", ran.err);
}

#[test]
fn refused_settings_are_told() {
    let home = tempfile::tempdir().unwrap();
    let sound = "[[providers]]\nid = 'a'\nbase_url = 'http://127.0.0.1:1'\n";
    fs::write(home.path().join("modelport.toml"), sound).unwrap();
    let gateway = Gateway::start_in(home, &[]);
    let broken = sound.replace("http", "ftp");
    fs::write(gateway.home().join("modelport.toml"), broken).unwrap();
    let mut report = String::new();
    let came = wait_until(SOON, || {
        report = status(&url(&gateway), &[], &[]).out;
        report.contains("Changed settings were refused at 2")
    });
    assert!(came, "{report}");
}

#[test]
fn a_watch_looks_again_until_an_interrupt() {
    let upstream = Upstream::with(Options::default());
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let url = url(&gateway);
    let mut running = Running::of(|home| {
        let mut command = command(&[], home.path());
        command.args(["status", "--watch", "--json", "--url", &url]);
        command
    });
    running.wait_for(|out| out.lines().count() >= 2);
    running.interrupt();
    assert_eq!(running.status(), Some(0), "{}", running.err());
    for line in running.out().lines() {
        let look: Value = serde_json::from_str(line).unwrap();
        assert_eq!(look["ready"], true);
    }

    let mut running = Running::of(|home| {
        let mut command = command(&[], home.path());
        command.args(["status", "--watch", "--url", &url]);
        command
    });
    running.wait_for(|out| out.matches(" is ready, ").count() >= 2);
    assert!(!running.out().contains('\x1b'), "{:?}", running.out());
    running.interrupt();
    assert_eq!(running.status(), Some(0), "{}", running.err());

    let arguments = ["status", "--watch", "--url", &url];
    let mut running = Running::of(|home| on_terminal(&arguments, &[], home.path()));
    running.wait_for(|out| out.matches("\x1b[H").count() >= 2);
    drop(gateway);
    running.wait_for(|out| out.contains("\x1b[Hno gateway answers at "));
    running.type_in("\x03");
    assert_eq!(running.status(), Some(1), "{}", running.out());
    assert_eq!(running.out().matches("\x1b[2J").count(), 1);
}
