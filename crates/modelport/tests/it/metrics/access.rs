//! Who may read the metrics.

use crate::support::{Gateway, NOBODY, gateway::run, views::refusal};

const ADMIN: &str = "the-key-of-the-admin";
const CALLER: &str = "the-key-of-a-caller";

/// The status for somebody with this key, or with none.
fn status(gateway: &Gateway, key: &str) -> u16 {
    let request = gateway.request("GET", "/metrics");
    let request = if key.is_empty() {
        request
    } else {
        request.header("authorization", &format!("Bearer {key}"))
    };
    let answer = request.send();
    if answer.status == 401 {
        let said = refusal(&answer, 401, "invalid_metrics_key");
        assert!(said.contains("--endpoint /metrics"), "{said}");
    }
    answer.status
}

#[test]
fn this_machine_may_read_them_and_others_need_a_key_for_that() {
    let data = tempfile::tempdir().unwrap();
    let shared = [
        ("MODELPORT_DATA_DIR", data.path().to_str().unwrap()),
        ("MODELPORT_ADMIN_KEY", ADMIN),
        ("MODELPORT_API_KEY", CALLER),
    ];
    let create = |arguments: &[&str]| {
        let (done, text) = run(&[&["keys", "create"], arguments].concat(), &shared);
        assert!(done.success(), "{text}");
        text.lines().next().unwrap().to_owned()
    };
    let usual = create(&["usual"]);
    let made_for_it = create(&["prometheus", "--endpoint", "/metrics"]);
    let check = |more: &[(&str, &str)], expected: [u16; 5]| {
        let gateway = Gateway::before(NOBODY, &[&shared, more].concat());
        let keys = ["", CALLER, &usual, &made_for_it, ADMIN];
        assert_eq!(keys.map(|key| status(&gateway, key)), expected, "{more:?}");
    };
    check(&[], [200; 5]);
    let everywhere = ("HOST", "0.0.0.0");
    check(&[everywhere], [401, 401, 401, 200, 200]);
    check(&[("MODELPORT_METRICS", "key")], [401, 401, 401, 200, 200]);
    check(&[everywhere, ("MODELPORT_METRICS", "open")], [200; 5]);
    check(&[("MODELPORT_METRICS", "off")], [404; 5]);
    // The key that is made for them opens nothing else.
    let gateway = Gateway::before(NOBODY, &shared);
    let request = gateway.request("POST", "/v1/chat/completions");
    let request = request.header("authorization", &format!("Bearer {made_for_it}"));
    assert_eq!(request.body("{\"model\":\"m\"}").send().status, 403);
}

#[test]
fn a_gateway_that_is_open_to_callers_does_not_open_them() {
    let open = [("HOST", "0.0.0.0"), ("MODELPORT_ALLOW_OPEN", "true")];
    let gateway = Gateway::before(NOBODY, &open);
    assert_eq!(status(&gateway, ""), 401);
    assert_eq!(status(&gateway, ADMIN), 401);
}

#[test]
fn a_wrong_setting_stops_the_start() {
    let (done, text) = run(&["check"], &[("MODELPORT_METRICS", "maybe")]);
    assert_eq!(done.code(), Some(2));
    let said = "MODELPORT_METRICS: it is neither auto, open, key nor off";
    assert!(text.contains(said), "{text}");
}
