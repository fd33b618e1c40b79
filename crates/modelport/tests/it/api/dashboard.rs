//! `GET /dashboard` and what it reads under `/admin/v1`: who may look.

use crate::support::{Exchange, Gateway, NOBODY};

/// What the pages read.
const READ: [&str; 6] = [
    "/admin/v1/session",
    "/admin/v1/overview",
    "/admin/v1/providers",
    "/admin/v1/models",
    "/admin/v1/routes",
    "/admin/v1/settings",
];

fn status(exchange: Exchange) -> u16 {
    exchange.send().status
}

#[test]
fn without_an_admin_key_only_this_machine_may_look() {
    let gateway = Gateway::before(NOBODY, &[]);
    for path in READ {
        let ask = || gateway.request("GET", path);
        let answer = ask().send();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        for (name, value) in [
            ("x-forwarded-for", "127.0.0.1"),
            ("origin", "https://page.test"),
            ("sec-fetch-site", "cross-site"),
        ] {
            assert_eq!(status(ask().header(name, value)), 403, "{path} {name}");
        }
    }
    // Keys are closed all the same.
    assert_eq!(status(gateway.request("GET", "/admin/v1/keys")), 403);
    assert_eq!(status(gateway.request("POST", "/admin/v1/keys")), 403);
}

#[test]
fn with_an_admin_key_nobody_looks_without_it() {
    let gateway = Gateway::before(NOBODY, &[("MODELPORT_ADMIN_KEY", "the-key-of-the-admin")]);
    for path in READ {
        let ask = || gateway.request("GET", path);
        assert_eq!(status(ask()), 401, "{path}");
        let shown = ask().header("authorization", "Bearer the-key-of-the-admin");
        assert_eq!(status(shown), 200, "{path}");
    }
}

#[test]
fn settings_show_no_secret() {
    let gateway = Gateway::before(
        NOBODY,
        &[
            ("OPENAI_COMPATIBLE_API_KEY", "sk-hush-of-the-provider"),
            ("MODELPORT_API_KEY", "hush-of-the-callers-1234"),
        ],
    );
    let settings = gateway.get("/admin/v1/settings").text();
    assert!(settings.contains("OPENAI_COMPATIBLE_API_KEY"), "{settings}");
    assert!(!settings.contains("hush"), "{settings}");
}

#[test]
fn the_page_runs_only_its_own_files() {
    let gateway = Gateway::before(NOBODY, &[]);
    let home = gateway
        .request("GET", "/")
        .header("accept", "text/html,*/*;q=0.8")
        .send();
    assert_eq!(
        (home.status, home.header("location")),
        (307, Some("/dashboard"))
    );
    let page = gateway.get("/dashboard");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let text = page.text();
    let start = text.find("/dashboard/assets/").unwrap();
    let path = text[start..].split('"').next().unwrap();
    let file = gateway
        .request("GET", path)
        .header("accept-encoding", "gzip")
        .send();
    assert_eq!(
        (file.status, file.header("content-encoding")),
        (200, Some("gzip"))
    );
}
