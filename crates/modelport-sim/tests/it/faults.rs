//! Every fault, seen from the other end of the socket.

use std::io::Read;

use modelport_sim::Fault;
use serde_json::{Value, json};

use crate::client::{self, Answer, Client, End, PLAIN, STREAM, ask, chat, sim};

/// What one fault does to a stream and to a plain answer, beside the same without fault.
struct Case<'a> {
    spec: &'a str,
    stream: Answer,
    plain: Answer,
    good_stream: &'a Answer,
    good_plain: &'a Answer,
}

#[tokio::test]
async fn every_fault_has_its_shape() {
    let sim = sim().await;
    let good_stream = ask(&sim, "POST /v1/chat/completions", "", STREAM).await;
    let good_plain = ask(&sim, "POST /v1/chat/completions", "", PLAIN).await;
    for (spec, _) in Fault::all_examples() {
        let (stream, plain) = (
            chat(&sim, spec, STREAM).await,
            chat(&sim, spec, PLAIN).await,
        );
        let case = Case {
            spec,
            stream,
            plain,
            good_stream: &good_stream,
            good_plain: &good_plain,
        };
        if let Some(rest) = spec.strip_prefix("status-") {
            case.refused(rest.trim_end_matches("@2").parse().unwrap());
        } else {
            case.check();
        }
    }
}

impl Case<'_> {
    fn check(&self) {
        match self.spec {
            "quota" => assert_eq!(self.refused(429)["code"], "insufficient_quota"),
            "context-length" => assert_eq!(self.refused(400)["code"], "context_length_exceeded"),
            "retry-after-2" => self.says(429, "retry-after", "2"),
            "retry-after-2-503" => self.says(503, "retry-after", "2"),
            "retry-after-ms-1500" => self.says(429, "retry-after-ms", "1500"),
            "retry-after-garbage" => self.says(429, "retry-after", "soon-ish; ask again"),
            "should-retry-true" => self.says(400, "x-should-retry", "true"),
            "should-retry-false" => self.says(503, "x-should-retry", "false"),
            "retry-after-date-2" => {
                self.refused(429);
                let date = self.plain.header("retry-after").unwrap();
                assert!(date.ends_with(" gmt") && date.contains(", "), "{date}");
            }
            "hang" => self.both(|answer| answer.raw.is_empty() && answer.end == End::Silent),
            "hang-head" => self
                .both(|answer| answer.raw == b"HTTP/1.1 200 OK\r\n" && answer.end == End::Silent),
            "reset" => self.both(|answer| answer.raw.is_empty() && answer.end == End::Reset),
            "refuse-mid-head" => {
                self.both(|answer| {
                    answer.raw.ends_with(b"content-len") && answer.end == End::Reset
                });
            }
            "cut-head" => self
                .both(|answer| answer.raw.ends_with(b"content-len") && answer.end == End::Closed),
            "close" => self.both(|answer| answer.raw.is_empty() && answer.end == End::Closed),
            "not-http" => self.both(|answer| {
                answer.raw.starts_with(b"\0\x01\xfe\xff") && answer.end == End::Closed
            }),
            "continue" => {
                self.good();
                self.both(|answer| {
                    answer
                        .raw
                        .starts_with(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n")
                });
            }
            "http10" => {
                self.both(|answer| {
                    answer.head.starts_with("http/1.0 200 ok") && answer.end == End::Closed
                });
                self.both(|answer| {
                    !answer.head.contains("content-length")
                        && !answer.head.contains("transfer-encoding")
                });
                self.same_content();
            }
            "short" => {
                self.both(|answer| answer.end == End::Closed);
                self.same_content();
            }
            "long" => {
                self.both(|answer| {
                    answer.end == End::Complete
                        && answer.raw.len() > answer.head.len() + answer.body.len()
                });
                assert!(serde_json::from_slice::<Value>(&self.plain.body).is_err());
                assert_eq!(
                    self.stream.events().len(),
                    self.good_stream.events().len() / 2
                );
            }
            "slow-head-50" | "close-idle" => self.good(),
            _ => self.check_body(),
        }
    }

    /// The faults of the body.
    fn check_body(&self) {
        match self.spec {
            "stall-3" => self.breaks(End::Silent, 3),
            "cut-3" => self.breaks(End::Closed, 3),
            "reset-3" => self.breaks(End::Reset, 3),
            "preamble-cut" => self.breaks(End::Closed, 1),
            "cut-half-3" => {
                self.breaks(End::Closed, 3);
                assert!(
                    !self.stream.body.ends_with(b"\n\n"),
                    "there is half an event"
                );
            }
            "eof-3" => {
                assert_eq!(
                    (self.stream.end, self.stream.events().len()),
                    (End::Complete, 3)
                );
                assert_eq!(self.plain.end, End::Complete);
                assert!(serde_json::from_slice::<Value>(&self.plain.body).is_err());
            }
            "malformed-3" => {
                assert_eq!(self.stream.events().len(), self.good_stream.events().len());
                let broken = |(_, data): &(usize, String)| {
                    data != "[DONE]" && serde_json::from_str::<Value>(data).is_err()
                };
                let broken: Vec<usize> = self
                    .stream
                    .events()
                    .into_iter()
                    .enumerate()
                    .filter(broken)
                    .map(|(n, _)| n)
                    .collect();
                assert_eq!(broken, [2]);
                assert!(serde_json::from_slice::<Value>(&self.plain.body).is_err());
            }
            "error-event-3" | "error-named-3" => self.told(3, &[], "server_error"),
            "preamble-error" => self.told(1, &[], "server_error"),
            "error-event-done-3" => self.told(3, &["[DONE]"], "server_error"),
            "error-finish-3" => {
                let last: Value = serde_json::from_str(&self.stream.events()[3]).unwrap();
                assert_eq!(
                    (&last["error"]["code"], &last["choices"][0]["finish_reason"]),
                    (&json!(502), &json!("error"))
                );
                assert_eq!(
                    (self.stream.events().len(), self.stream.end),
                    (4, End::Complete)
                );
                assert_eq!(self.plain.json()["choices"][0]["error"]["code"], 502);
            }
            "swallowed-3" => {
                let last: Value = serde_json::from_str(&self.stream.events()[3]).unwrap();
                assert_eq!(
                    (&last["model"], &last["choices"][0]["finish_reason"]),
                    (&json!(""), &Value::Null)
                );
                assert_eq!(
                    (self.stream.events().len(), self.stream.end),
                    (4, End::Complete)
                );
            }
            "error-choice" => assert_eq!(self.plain.json()["choices"][0]["error"]["code"], 502),
            "error-200" => self.both(|answer| {
                answer.status == 200
                    && answer.header("content-type") == Some("application/json")
                    && answer.json()["error"].is_object()
            }),
            "html" => {
                self.both(|answer| answer.status == 200 && answer.text().starts_with("<html>"));
            }
            "html-502" => self.both(|answer| {
                answer.status == 502 && answer.header("content-type") == Some("text/html")
            }),
            "empty" => self.both(|answer| {
                answer.header("content-length") == Some("0") && answer.end == End::Complete
            }),
            "empty-stream" => self.both(|answer| {
                answer.header("content-type") == Some("text/event-stream")
                    && answer.body.is_empty()
                    && answer.end == End::Complete
            }),
            "garbage" => self.both(|answer| {
                answer.header("content-type") == Some("application/json")
                    && std::str::from_utf8(&answer.body).is_err()
            }),
            "redirect" => self.both(|answer| {
                answer.status == 302
                    && answer
                        .header("location")
                        .is_some_and(|to| to.contains(".invalid/"))
            }),
            _ => self.check_form(),
        }
    }

    /// The faults that leave the content alone.
    fn check_form(&self) {
        match self.spec {
            "no-done" => {
                let (good, bad) = (self.good_stream.events().len(), self.stream.events());
                assert_eq!((bad.len(), self.stream.end), (good - 1, End::Complete));
                assert!(
                    !bad.contains(&"[DONE]".to_owned())
                        && self.stream.text().contains(r#""finish_reason":"stop""#)
                );
            }
            "truncated-json" => {
                assert!(
                    serde_json::from_slice::<Value>(&self.plain.body).is_err()
                        && self.plain.end == End::Complete
                );
                let bad = self
                    .stream
                    .events()
                    .iter()
                    .filter(|data| serde_json::from_str::<Value>(data).is_err())
                    .count();
                assert_eq!(bad, 2, "one event, and [DONE]");
            }
            "gzip" => {
                self.both(|answer| {
                    answer.header("content-encoding") == Some("gzip") && answer.end == End::Complete
                });
                let unpacked = |answer: &Answer| {
                    let mut text = String::new();
                    flate2::read::GzDecoder::new(&*answer.body)
                        .read_to_string(&mut text)
                        .unwrap();
                    text
                };
                assert_eq!(
                    client::events(&unpacked(&self.stream)).len(),
                    self.good_stream.events().len()
                );
                assert!(serde_json::from_str::<Value>(&unpacked(&self.plain)).is_ok());
            }
            "crlf" => {
                self.form(|text| {
                    text.matches("\r\n\r\n").count() * 2 == text.matches('\n').count()
                });
            }
            "cr" => self.form(|text| !text.contains('\n') && text.contains("\r\r")),
            "comments" => self.form(|text| {
                text.starts_with(": SIM PROCESSING\n\n")
                    && text.matches(": SIM PROCESSING").count() > 5
            }),
            "bom" => {
                self.form(|text| text.starts_with('\u{feff}'));
                assert!(self.plain.body.starts_with(b"\xef\xbb\xbf{"));
            }
            "no-space" => self.form(|text| text.starts_with("data:{") && !text.contains("data: ")),
            "multiline" => self.form(|text| {
                text.matches("\ndata: \"choices\"").count() + 2 >= self.good_stream.events().len()
            }),
            "split-7" => {
                self.good();
                assert!(
                    self.stream.reads > self.good_stream.reads,
                    "{} reads",
                    self.stream.reads
                );
            }
            "one-write" => {
                self.good();
                assert_eq!(self.stream.reads, 1);
            }
            "leading-blank" => {
                self.form(|text| text.starts_with("\n\n\n"));
                assert!(
                    self.plain.body.starts_with(b"\n\n\n{")
                        && self.plain.json()["object"] == "chat.completion"
                );
            }
            "usage-each" => {
                self.form(|text| text.matches(r#""total_tokens""#).count() > 5);
                assert!(self.plain.json()["usage"].is_object());
            }
            "usage-none" => {
                self.both(|answer| !answer.text().contains("usage") && answer.end == End::Complete);
            }
            "wrong-type" => {
                self.good();
                assert_eq!(self.stream.header("content-type"), Some("application/json"));
                assert_eq!(self.plain.header("content-type"), Some("text/plain"));
            }
            other => panic!("{other} has no test"),
        }
    }

    fn both(&self, holds: impl Fn(&Answer) -> bool) {
        for answer in [&self.stream, &self.plain] {
            assert!(
                holds(answer),
                "{}: {:?} {}\n{}",
                self.spec,
                answer.end,
                answer.head,
                answer.text()
            );
        }
    }

    /// A refusal in OpenAI's envelope; the error in it.
    fn refused(&self, status: u16) -> Value {
        self.both(|answer| {
            let error = &answer.json()["error"];
            answer.status == status
                && error["message"].is_string()
                && error["type"].is_string()
                && error["code"].is_string()
        });
        self.plain.json()["error"].clone()
    }

    fn says(&self, status: u16, header: &str, value: &str) {
        self.refused(status);
        self.both(|answer| answer.header(header) == Some(value));
    }

    /// The stream ends after so many events, the plain answer inside its body.
    fn breaks(&self, end: End, events: usize) {
        assert_eq!(
            (self.stream.end, self.stream.events().len()),
            (end, events),
            "{}",
            self.spec
        );
        assert_eq!(self.plain.end, end, "{}", self.spec);
        let length: usize = self
            .plain
            .header("content-length")
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(self.plain.body.len(), length / 2, "{}", self.spec);
    }

    /// After so many events an error is told in the stream, then these; a plain answer is the error.
    fn told(&self, after: usize, then: &[&str], code: &str) {
        let events = self.stream.events();
        let error: Value = serde_json::from_str(&events[after]).unwrap();
        assert_eq!(error["error"]["code"], code, "{}", self.spec);
        assert_eq!(
            (&events[after + 1..], self.stream.end),
            (
                then.iter()
                    .map(|&data| data.to_owned())
                    .collect::<Vec<_>>()
                    .as_slice(),
                End::Complete
            )
        );
        assert_eq!(
            self.stream
                .text()
                .contains("event: error\ndata: {\"error\""),
            self.spec.starts_with("error-named")
        );
        assert_eq!(
            (self.plain.status, &self.plain.json()["error"]["code"]),
            (200, &json!(code))
        );
    }

    /// Nothing is wrong with the content.
    fn good(&self) {
        self.both(|answer| answer.status == 200 && answer.end == End::Complete);
        self.same_content();
    }

    fn same_content(&self) {
        assert_eq!(
            joined(&self.stream),
            joined(self.good_stream),
            "{}",
            self.spec
        );
        assert_eq!(
            self.plain.json()["choices"],
            self.good_plain.json()["choices"],
            "{}",
            self.spec
        );
        assert_eq!(
            self.stream.events().last().map(String::as_str),
            Some("[DONE]"),
            "{}",
            self.spec
        );
    }

    /// The stream says the same in a form of its own.
    fn form(&self, holds: impl Fn(&str) -> bool) {
        let text = self.stream.text();
        assert!(holds(&text), "{}: {text}", self.spec);
        assert_eq!(
            joined(&self.stream),
            joined(self.good_stream),
            "{}",
            self.spec
        );
        assert_eq!(self.stream.end, End::Complete, "{}", self.spec);
    }
}

/// The text of a stream.
fn joined(answer: &Answer) -> String {
    let events = answer.events();
    let parse = |data: &String| serde_json::from_str::<Value>(data).ok();
    let chunks = events.iter().filter_map(parse);
    chunks
        .filter_map(|chunk| {
            Some(
                chunk
                    .pointer("/choices/0/delta/content")?
                    .as_str()?
                    .to_owned(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_fault_is_asked_for_by_header_model_or_default() {
    let sim = sim().await;
    let model = r#"{"model":"fault/status-500","messages":[]}"#;
    assert_eq!(
        ask(&sim, "POST /v1/chat/completions", "", model)
            .await
            .status,
        500
    );
    assert_eq!(
        ask(&sim, "GET /v1/models", "x-sim-fault: status-503\r\n", "")
            .await
            .status,
        503
    );
    sim.set_fault(Some("status-502".parse().unwrap()));
    assert_eq!(
        ask(&sim, "POST /v1/chat/completions", "", PLAIN)
            .await
            .status,
        502
    );
    assert_eq!(chat(&sim, "status-429", PLAIN).await.status, 429);
    assert_eq!(
        ask(&sim, "POST /v1/embeddings", "", r#"{"input":"a"}"#)
            .await
            .status,
        502
    );
    assert_eq!(ask(&sim, "GET /v1/models", "", "").await.status, 200);
    sim.set_fault(None);
    assert_eq!(
        ask(&sim, "POST /v1/chat/completions", "", PLAIN)
            .await
            .status,
        200
    );
    let unknown = chat(&sim, "no-such-fault", PLAIN).await;
    assert_eq!(unknown.status, 400);
    assert!(unknown.text().contains("no-such-fault"));
}

#[tokio::test]
async fn a_counted_fault_heals() {
    let sim = sim().await;
    for expected in [503, 503, 200, 200] {
        assert_eq!(chat(&sim, "status-503@2", PLAIN).await.status, expected);
    }
    for _ in 0..2 {
        // Setting it again starts the count anew.
        sim.set_fault(Some("status-529@1".parse().unwrap()));
        for expected in [529, 200] {
            assert_eq!(
                ask(&sim, "POST /v1/chat/completions", "", PLAIN)
                    .await
                    .status,
                expected
            );
        }
    }
}

#[tokio::test]
async fn an_idle_connection_closes_on_its_next_request() {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    client
        .request(
            "POST /v1/chat/completions",
            "x-sim-fault: close-idle\r\n",
            PLAIN,
        )
        .await;
    let first = client.answer().await;
    assert_eq!(
        (first.status, first.end, first.header("connection")),
        (200, End::Complete, None)
    );
    client.request("POST /v1/chat/completions", "", PLAIN).await;
    let second = client.answer().await;
    assert_eq!((second.raw.len(), second.end), (0, End::Closed));
    assert_eq!(sim.requests().len(), 2);
}

#[tokio::test]
async fn faults_break_native_chats_too() {
    let sim = sim().await;
    let lines = async |fault: &str| {
        let answer = ask(
            &sim,
            "POST /api/chat",
            &format!("x-sim-fault: {fault}\r\n"),
            PLAIN,
        )
        .await;
        (
            answer.end,
            answer.text().lines().map(str::to_owned).collect::<Vec<_>>(),
        )
    };
    let (end, told) = lines("error-event-2").await;
    assert_eq!((end, told.len()), (End::Complete, 3));
    assert!(told[2].starts_with(r#"{"error":""#), "{}", told[2]);
    assert_eq!(lines("cut-2").await.1.len(), 2);
    let (end, swallowed) = lines("swallowed-2").await;
    assert!(
        end == End::Complete && swallowed[2].starts_with(r#"{"model":"""#),
        "{swallowed:?}"
    );
    let refused = ask(&sim, "POST /api/chat", "x-sim-fault: status-500\r\n", PLAIN).await;
    assert!(refused.status == 500 && refused.json()["error"].is_string());
}
