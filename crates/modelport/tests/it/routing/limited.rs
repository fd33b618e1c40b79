//! A provider's own limits, which are those of one model: the key and the target are good for the others.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{answered_by, chat};
use crate::support::{Gateway, Upstream};

/// The model that nothing is left for.
const SCARCE: &str = "m-scarce";

/// How long that is so.
const RESET: Duration = Duration::from_secs(3);

/// How a provider says that nothing is left.
#[derive(Clone, Copy)]
enum Says {
    /// In the headers of a good answer.
    Nothing,
    /// By refusing.
    Refusal,
}

/// A request that came: the key, and the model.
type Came = (String, String);

/// A provider that has nothing left of one model, whoever asks.
struct Provider {
    addr: SocketAddr,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Provider {
    fn start(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let came: Arc<Mutex<Vec<Came>>> = Arc::default();
        let all = Arc::clone(&came);
        thread::spawn(move || {
            for socket in listener.incoming() {
                serve(socket.unwrap(), says, &all);
            }
        });
        Self { addr, came }
    }

    fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// Which keys it was shown for this model, one for each request.
    fn keys(&self, model: &str) -> Vec<String> {
        let came = self.came.lock().unwrap();
        let of_model = came.iter().filter(|(_, asked)| asked == model);
        of_model.map(|(key, _)| key.clone()).collect()
    }
}

fn serve(socket: TcpStream, says: Says, all: &Mutex<Vec<Came>>) {
    let mut reader = BufReader::new(socket);
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|got| got > 2) {}
    let header = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut answer =
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned();
    if head.starts_with("POST") {
        let body: Value = serde_json::from_slice(&body).unwrap();
        let model = body["model"].as_str().unwrap().to_owned();
        let key = header("authorization").unwrap_or_default().to_owned();
        answer = completion(says, &model);
        all.lock().unwrap().push((key, model));
    }
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
}

fn completion(says: Says, model: &str) -> String {
    let good = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;
    let refusal = r#"{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
    let seconds = RESET.as_secs();
    let (status, more, body) = match says {
        _ if model != SCARCE => ("200 OK", String::new(), good),
        Says::Nothing => (
            "200 OK",
            format!(
                "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: {seconds}s\r\n"
            ),
            good,
        ),
        Says::Refusal => (
            "429 Too Many Requests",
            format!("retry-after: {seconds}\r\n"),
            refusal,
        ),
    };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{more}connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A gateway with `a`, the provider with these keys, and `b`, which has enough of everything.
fn gateway(a: &Provider, b: &Upstream, keys: &[&str], routes: &str) -> Gateway {
    let home = tempfile::tempdir().unwrap();
    let file = format!(
        "[[providers]]\nid = \"a\"\nbase_url = \"{}\"\nmax_retries = 0\napi_keys = {keys:?}\n\
         [[providers]]\nid = \"b\"\nbase_url = \"{}\"\napi_key = \"sk-b-secret-key\"\n{routes}",
        a.base_url(),
        b.base_url()
    );
    std::fs::write(home.path().join("modelport.toml"), file).unwrap();
    Gateway::start_in(home, &[])
}

fn ask(gateway: &Gateway, model: &str) -> String {
    let answer = gateway.chat(&chat(model, false));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answered_by(&answer).to_owned()
}

const ONE: &str = "sk-a-first-key";
const TWO: &str = "sk-a-second-key";

/// Both keys are shown for a model that there is enough of.
fn check_that_keys_are_good_for_another(gateway: &Gateway, a: &Provider, model: &str) {
    for _ in 0..40 {
        assert_eq!(ask(gateway, model), "a");
    }
    let shown = a.keys("m-plenty");
    for key in [ONE, TWO] {
        let bearer = format!("Bearer {key}");
        let count = shown.iter().filter(|shown| **shown == bearer).count();
        assert!((5..=35).contains(&count), "{count} of {shown:?}");
    }
    let provider = gateway.get("/v1/providers/a").json();
    for credential in provider["credentials"].as_array().unwrap() {
        assert_eq!(credential["rests_seconds"], 0.0, "{provider}");
        assert_eq!(credential["models_resting"], 1, "{provider}");
    }
}

#[test]
fn keys_that_are_used_up_for_a_model_are_good_for_the_others() {
    let routes = format!(
        "[[routes]]\nmodel = \"scarce\"\ntargets = [\"a:{SCARCE}\", \"b:sim-fast\"]\n\
         [[routes]]\nmodel = \"plenty\"\ntargets = [\"a:m-plenty\", \"b:sim-fast\"]\n"
    );
    let (a, b) = (Provider::start(Says::Nothing), Upstream::start());
    let gateway = gateway(&a, &b, &[ONE, TWO], &routes);
    let answered = [(); 3].map(|()| ask(&gateway, "scarce"));
    assert_eq!(answered, ["a", "a", "b"]);
    let mut shown = a.keys(SCARCE);
    shown.sort();
    assert_eq!(shown, [format!("Bearer {ONE}"), format!("Bearer {TWO}")]);
    check_that_keys_are_good_for_another(&gateway, &a, "plenty");
}

#[test]
fn keys_that_are_refused_for_a_model_are_good_for_the_others() {
    let (a, b) = (Provider::start(Says::Refusal), Upstream::start());
    let gateway = gateway(&a, &b, &[ONE, TWO], "");
    let refused = gateway.chat(&chat(&format!("a:{SCARCE}"), false));
    assert_eq!(refused.status, 429);
    assert_eq!(a.keys(SCARCE).len(), 2, "each key is tried once");
    check_that_keys_are_good_for_another(&gateway, &a, "a:m-plenty");
}

#[test]
fn a_target_for_many_models_rests_for_the_one_that_is_used_up() {
    for says in [Says::Nothing, Says::Refusal] {
        let routes = "[[routes]]\nmodel = \"m-*\"\ntargets = [\"a\", \"b:sim-fast\"]\n";
        let (a, b) = (Provider::start(says), Upstream::start());
        let gateway = gateway(&a, &b, &[ONE], routes);
        let first = ask(&gateway, SCARCE);
        let since = Instant::now();
        let expected = match says {
            Says::Nothing => "a",
            Says::Refusal => "b",
        };
        assert_eq!(first, expected);
        assert_eq!(ask(&gateway, SCARCE), "b");
        assert_eq!(a.keys(SCARCE).len(), 1, "it is left alone");
        assert_eq!(ask(&gateway, "m-plenty"), "a");
        let standing = |model: &str| {
            let request = gateway.request("POST", "/v1/route/explain");
            let body = serde_json::json!({"model": model, "messages": []}).to_string();
            let explained = request.body(body).send().json();
            let mut candidates = explained["candidates"].as_array().unwrap().iter();
            let found = candidates
                .find(|candidate| candidate["target"] == "a")
                .unwrap();
            assert_eq!(found["standing"], found["signals"]["standing"], "{found}");
            found["signals"].clone()
        };
        let scarce = standing(SCARCE);
        assert_eq!(scarce["standing"], "parked", "{scarce}");
        assert!(
            scarce["reason"].to_string().contains("for this model"),
            "{scarce}"
        );
        assert_eq!(standing("m-plenty")["standing"], "ready");
        // When the time is over it is asked again.
        while a.keys(SCARCE).len() == 1 {
            assert!(since.elapsed() < RESET * 5, "never again");
            thread::sleep(Duration::from_millis(50));
            ask(&gateway, SCARCE);
        }
        assert!(since.elapsed() + Duration::from_millis(200) > RESET);
    }
}
