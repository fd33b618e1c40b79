//! The webhook of budgets: told once a budget and window, behind the requests, and never with a secret in the log.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{
    A_DOLLAR_EACH, Gateway, Upstream, client::Response, gateway::run, redis::Redis, wait_until,
};

const SOON: Duration = Duration::from_secs(10);

/// A request that the receiver was sent: its head, and its body.
type Told = (String, Value);

/// What takes the posts of a webhook.
struct Receiver {
    addr: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Receiver {
    /// Answers with these statuses in turn, and with the last one from then on; 0 for no answer at all.
    fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let all = Arc::clone(&told);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let all = Arc::clone(&all);
                thread::spawn(move || serve(socket.unwrap(), &all, statuses));
            }
        });
        Self { addr, told }
    }

    fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    fn wait_for(&self, count: usize) -> Vec<Told> {
        assert!(wait_until(SOON, || self.told().len() >= count));
        self.told()
    }
}

fn serve(socket: TcpStream, all: &Mutex<Vec<Told>>, statuses: &[u16]) {
    let mut reader = BufReader::new(socket);
    loop {
        let mut head = String::new();
        while reader.read_line(&mut head).is_ok_and(|got| got > 2) {}
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            (name.eq_ignore_ascii_case("content-length")).then(|| value.parse().unwrap())
        });
        let Some(length) = length else { return };
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let status = {
            let mut all = all.lock().unwrap();
            all.push((head, serde_json::from_slice(&body).unwrap()));
            statuses[all.len().min(statuses.len()) - 1]
        };
        if status == 0 {
            let _ = reader.read_to_end(&mut body);
            return;
        }
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

/// A gateway's settings, with a file of its prices and a limit of all requests together.
struct Setting {
    data: tempfile::TempDir,
    base_url: String,
    webhook: String,
}

impl Setting {
    fn new(upstream: &Upstream, webhook: String, budget: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("prices.json"), A_DOLLAR_EACH).unwrap();
        let file = format!("[[limits]]\nbudgets = [{budget:?}]\n");
        std::fs::write(data.path().join("modelport.toml"), file).unwrap();
        Self {
            data,
            base_url: upstream.base_url(),
            webhook,
        }
    }

    fn path(&self, name: &str) -> String {
        let path: &Path = self.data.path();
        path.join(name).to_str().unwrap().to_owned()
    }

    /// A gateway with these settings too.
    fn start(&self, more: &[(&str, &str)]) -> Gateway {
        let (prices, file, data) = (
            self.path("prices.json"),
            self.path("modelport.toml"),
            self.path("data"),
        );
        let mut settings = vec![
            ("MODELPORT_CATALOGUE", prices.as_str()),
            ("MODELPORT_CONFIG", file.as_str()),
            ("MODELPORT_DATA_DIR", data.as_str()),
            ("MODELPORT_BUDGET_WEBHOOK", self.webhook.as_str()),
            ("MODELPORT_ADMIN_KEY", "the-key-of-the-admin"),
        ];
        settings.extend_from_slice(more);
        Gateway::before(&self.base_url, &settings)
    }
}

fn chat(gateway: &Gateway) -> Response {
    let answer = gateway.chat(&json!({
        "model": "sim-fast", "max_tokens": 3,
        "messages": [{"role": "user", "content": "hi"}],
    }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

fn spent(gateway: &Gateway) -> Value {
    let request = gateway.request("GET", "/admin/v1/usage?by=provider");
    let request = request.header("authorization", "Bearer the-key-of-the-admin");
    request.send().json()["data"][0]["cost_usd"].clone()
}

#[test]
fn a_soft_budget_is_told_once_a_window_also_after_a_restart() {
    let upstream = Upstream::with(Options::default());
    let receiver = Receiver::start(&[503, 204]);
    let webhook = format!("http://ada:hush@{}/in?token=hush", receiver.addr);
    let setting = Setting::new(&upstream, webhook, "3/total soft warn=2");
    let first = setting.start(&[]);
    chat(&first);
    assert!(receiver.told().is_empty());
    for _ in 0..3 {
        chat(&first);
    }
    // The first try was refused, and the second one is the same notice.
    let told = receiver.wait_for(2);
    assert_eq!(told[0].1, told[1].1);
    let (head, body) = &told[1];
    let id = body["id"].as_str().unwrap();
    for line in [
        "POST /in?token=hush HTTP/1.1",
        "authorization: Basic YWRhOmh1c2g=",
        "content-type: application/json",
        &format!("idempotency-key: {id}"),
        &format!("host: {}", receiver.addr),
    ] {
        assert!(head.lines().any(|said| said == line), "{line} in {head}");
    }
    assert_eq!(
        *body,
        json!({
            "event": "budget.reached", "id": id, "time": body["time"],
            "subject": "gateway", "name": "", "key_id": null,
            "spent_usd": "2", "warn_at_usd": "2", "budget_usd": "3",
            "period": "total", "resets_at": null,
        })
    );
    assert!(first.wait_for_output("is tried again"));
    assert!(wait_until(SOON, || spent(&first) == "4"));
    let output = first.output();
    drop(first);
    // It was killed; the next one is told by the ledger that the amount was reached before.
    let second = setting.start(&[]);
    for _ in 0..3 {
        chat(&second);
    }
    assert!(wait_until(SOON, || spent(&second) == "7"));
    assert_eq!(receiver.told().len(), 2);
    for output in [output, second.output()] {
        assert!(!output.contains("hush"), "{output}");
    }
}

#[test]
fn a_key_is_told_by_its_name_and_the_end_of_its_window() {
    let upstream = Upstream::with(Options::default());
    let receiver = Receiver::start(&[200]);
    let webhook = format!("http://{}/in", receiver.addr);
    let setting = Setting::new(&upstream, webhook, "1000/total");
    let data = setting.path("data");
    let create = ["keys", "create", "ada", "--budget", "5/month,warn=1"];
    let (done, text) = run(&create, &[("MODELPORT_DATA_DIR", &data)]);
    assert!(done.success(), "{text}");
    let bearer = format!("Bearer {}", text.lines().next().unwrap());
    let gateway = setting.start(&[]);
    let body = json!({"model": "sim-fast", "messages": [{"role": "user", "content": "hi"}]});
    let request = gateway.request("POST", "/v1/chat/completions");
    let request = request.header("authorization", &bearer);
    assert_eq!(request.body(body.to_string()).send().status, 200);
    let (_, body) = receiver.wait_for(1).remove(0);
    let said = ["subject", "name", "spent_usd", "budget_usd", "period"].map(|name| &body[name]);
    assert_eq!(said, ["key", "ada", "1", "5", "month"]);
    assert!(!body["key_id"].as_str().unwrap().is_empty());
    let resets_at = body["resets_at"].as_str().unwrap();
    assert!(resets_at.ends_with("-01T00:00:00Z"), "{resets_at}");
}

#[test]
fn a_webhook_that_hangs_or_refuses_holds_up_nobody() {
    let upstream = Upstream::with(Options::default());
    let receiver = Receiver::start(&[0]);
    let webhook = format!("http://{}/hush", receiver.addr);
    let setting = Setting::new(&upstream, webhook, "1/total soft");
    let mut gateway = setting.start(&[]);
    chat(&gateway);
    receiver.wait_for(1);
    let before = Instant::now();
    for _ in 0..20 {
        chat(&gateway);
    }
    assert!(before.elapsed() < Duration::from_secs(5));
    gateway.terminate();
    assert!(gateway.wait(SOON).unwrap().success());

    // What is refused for good is not tried again.
    let receiver = Receiver::start(&[410]);
    let webhook = format!("http://{}/hush", receiver.addr);
    let setting = Setting::new(&upstream, webhook, "1/total soft");
    let gateway = setting.start(&[]);
    chat(&gateway);
    assert!(gateway.wait_for_output("the webhook of budgets was not told"));
    let output = gateway.output();
    assert!(
        output.contains("410") && output.contains(&receiver.addr.to_string()),
        "{output}"
    );
    assert!(!output.contains("hush"), "{output}");
    assert_eq!(receiver.told().len(), 1);
}

#[test]
fn gateways_that_share_a_budget_tell_it_once() {
    let upstream = Upstream::with(Options::default());
    let redis = Redis::start();
    let receiver = Receiver::start(&[200]);
    let webhook = format!("http://{}/in", receiver.addr);
    let setting = Setting::new(&upstream, webhook, "6/total soft");
    let url = redis.url();
    let gateways = ["one", "two"].map(|name| {
        let data = setting.path(name);
        setting.start(&[("MODELPORT_REDIS_URL", &url), ("MODELPORT_DATA_DIR", &data)])
    });
    for _ in 0..5 {
        for gateway in &gateways {
            chat(gateway);
        }
    }
    let (_, body) = receiver.wait_for(1).remove(0);
    assert_eq!(
        (&body["spent_usd"], &body["budget_usd"]),
        (&json!("6"), &json!("6"))
    );
    for gateway in gateways {
        gateway.terminate();
    }
    assert!(!wait_until(Duration::from_millis(500), || receiver
        .told()
        .len()
        > 1));
}
