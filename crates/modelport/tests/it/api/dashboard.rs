//! The dashboard's files, and who may look by the admin API.

use serde_json::json;

use crate::support::{Gateway, NOBODY, views::refusal};

const ADMIN: &str = "the-key-of-the-admin";

/// What only reads.
const PATHS: [&str; 9] = [
    "session",
    "overview",
    "providers",
    "models",
    "routes",
    "settings",
    "keys",
    "teams",
    "limits",
];

#[test]
fn a_person_finds_the_dashboard_and_a_program_finds_nothing_new() {
    let gateway = Gateway::before(NOBODY, &[]);
    let html = ("accept", "text/html,application/xhtml+xml");
    let sent = gateway.request("GET", "/").header(html.0, html.1).send();
    assert_eq!(
        (sent.status, sent.header("location")),
        (307, Some("/dashboard"))
    );
    refusal(&gateway.get("/"), 404, "unknown_url");
    let posted = gateway.request("POST", "/").header(html.0, html.1).send();
    refusal(&posted, 404, "unknown_url");
    let page = gateway.get("/dashboard/providers");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let text = page.text();
    let home = text
        .split_once("src=\"")
        .unwrap()
        .1
        .split_once("/theme.js")
        .unwrap()
        .0;
    let file = || gateway.request("GET", &format!("{home}/app.js"));
    let plain = file().send();
    assert_eq!(
        plain.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    let keep = plain.header("cache-control").unwrap();
    assert!(keep.contains("immutable"), "{keep}");
    let packed = file().header("accept-encoding", "br, gzip").send();
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() < plain.body.len());
    let tag = plain.header("etag").unwrap();
    assert_eq!(file().header("if-none-match", tag).send().status, 304);
    assert_eq!(gateway.get("/dashboard/assets/0123/app.js").status, 404);
    assert_eq!(gateway.get(&format!("{home}/../files.rs")).status, 404);
}

#[test]
fn without_an_admin_key_this_machine_alone_may_look_and_nobody_may_change() {
    let gateway = Gateway::before(NOBODY, &[]);
    for name in PATHS {
        let path = format!("/admin/v1/{name}");
        assert_eq!(gateway.get(&path).status, 200, "{path}");
        let foreign = [
            ("x-forwarded-for", "127.0.0.1"),
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://evil.example"),
        ];
        for (header, value) in foreign {
            let answer = gateway.request("GET", &path).header(header, value).send();
            refusal(&answer, 403, "viewer_not_here");
        }
    }
    let made = gateway.request("POST", "/admin/v1/keys");
    let made = made.body(json!({"name": "x"}).to_string()).send();
    refusal(&made, 403, "admin_closed");
    let explained = gateway.request("POST", "/admin/v1/routes/explain");
    let explained = explained.body(json!({"model": "m"}).to_string()).send();
    assert_eq!(explained.json()["requested_model"], "m");
}

#[test]
fn with_an_admin_key_only_that_opens() {
    let settings = [
        ("MODELPORT_ADMIN_KEY", ADMIN),
        ("MODELPORT_API_KEY", "the-key-of-a-caller"),
    ];
    let gateway = Gateway::before(NOBODY, &settings);
    for name in PATHS {
        let path = format!("/admin/v1/{name}");
        refusal(&gateway.get(&path), 401, "invalid_admin_key");
        let with = |key: &str| {
            let request = gateway.request("GET", &path);
            request
                .header("authorization", &format!("Bearer {key}"))
                .send()
        };
        refusal(&with("the-key-of-a-caller"), 401, "invalid_admin_key");
        let answer = with(ADMIN);
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text().contains("the-key-of"), "{path}");
    }
    let live = gateway.request("GET", "/admin/v1/live");
    let mut live = live
        .header("authorization", &format!("Bearer {ADMIN}"))
        .open();
    assert!(live.read_until("in_flight"));
}
