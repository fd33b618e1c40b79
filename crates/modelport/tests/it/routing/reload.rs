//! Another configuration while requests run.

use std::{thread, time::Duration};

use modelport_sim::Options;
use serde_json::{Value, json};

use super::{Fleet, answered_by, chat, file};
use crate::support::wait_until;

const FIRST: &str = "[[routes]]\nmodel = \"r\"\ntargets = [\"a:sim-fast\"]\n";
const SECOND: &str = "[[routes]]\nmodel = \"r\"\ntargets = [\"b:sim-fast\"]\n";

const PATIENCE: Duration = Duration::from_secs(10);

impl Fleet {
    fn write(&self, routes: &str) {
        let path = self.gateway.home().join("modelport.toml");
        std::fs::write(path, file(&self.upstreams, "", routes)).unwrap();
    }

    fn configuration(&self) -> Value {
        self.gateway.get("/health/ready").json()["configuration"].clone()
    }
}

#[test]
fn a_change_counts_for_new_requests_and_running_streams_go_on() {
    let paced = || Options {
        tokens_per_second: 20,
        ..Options::default()
    };
    let fleet = Fleet::of(vec![paced(), paced()], "", FIRST);
    assert_eq!(fleet.configuration()["edition"], 1);
    thread::scope(|scope| {
        let streams: Vec<_> = (0..50)
            .map(|_| {
                scope.spawn(|| {
                    let request = fleet.gateway.request("POST", "/v1/chat/completions");
                    request.body(chat("r", true).to_string()).open().finish()
                })
            })
            .collect();
        assert!(wait_until(PATIENCE, || fleet.seen()[0] == 50));
        fleet.write(SECOND);
        assert!(
            wait_until(PATIENCE, || fleet.configuration()["edition"] == 2),
            "{}",
            fleet.gateway.output()
        );
        assert_eq!(answered_by(&fleet.chat("r")), "b");
        for stream in streams {
            let answer = stream.join().unwrap();
            assert_eq!(answered_by(&answer), "a");
            assert_eq!(answer.events().last().unwrap(), "[DONE]");
        }
    });
}

#[test]
fn a_broken_file_changes_nothing_and_is_told_of() {
    let fleet = Fleet::start(2, "", FIRST);
    fleet.write("[[routes]]\nmodel = \"r\"\ntargets = [\"nobody:sim-fast\"]\n");
    assert!(
        wait_until(PATIENCE, || !fleet.configuration()["refused"].is_null()),
        "{}",
        fleet.gateway.output()
    );
    assert_eq!(fleet.configuration()["edition"], 1);
    assert_eq!(answered_by(&fleet.chat("r")), "a");
    let output = fleet.gateway.output();
    assert!(
        output.contains("modelport.toml:15:12: routes.r.targets[0]"),
        "{output}"
    );
    assert!(output.contains("nobody"), "{output}");
    assert!(!output.contains("secret-key"), "{output}");
    fleet.write(SECOND);
    assert!(wait_until(PATIENCE, || fleet.configuration()["edition"] == 2));
    assert!(fleet.configuration()["refused"].is_null());
    assert_eq!(answered_by(&fleet.chat("r")), "b");
}

#[test]
fn a_hangup_signal_reads_it_again() {
    let fleet = Fleet::start(2, "", FIRST);
    let id = fleet.gateway.pid().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-HUP", &id])
        .status();
    assert!(sent.unwrap().success());
    assert!(fleet.gateway.wait_for_output("nothing has changed"));
    assert_eq!(fleet.configuration()["edition"], json!(1));
}

#[test]
fn another_key_is_another_target() {
    let fleet = Fleet::start(
        2,
        "max_retries = 0",
        "[[routes]]\nmodel = \"r\"\ntargets = [\"a:sim-fast\", \"b:sim-fast\"]\n",
    );
    fleet.upstreams[0].set_fault(Some("retry-after-3600-429@1"));
    assert_eq!(answered_by(&fleet.chat("r")), "b");
    assert_eq!(answered_by(&fleet.chat("r")), "b", "it rests for an hour");
    let path = fleet.gateway.home().join("modelport.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("sk-a-secret-key", "sk-a-other-key")).unwrap();
    assert!(wait_until(PATIENCE, || fleet.configuration()["edition"] == 2));
    assert_eq!(answered_by(&fleet.chat("r")), "a");
}
