//! `GET /openapi.json` against the endpoints that there are: none is missing, none is made up, and so for their methods.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Gateway, NOBODY, gateway::run};

/// The table of URLs.
const TABLE: &str = include_str!("../../../src/endpoints.rs");

/// What a request can be.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The endpoints whose answers do not end.
const STREAMS: [&str; 2] = ["/admin/v1/live", "/admin/v1/requests/live"];

/// The paths that stand in the table, as the document writes them.
fn paths_of_table() -> BTreeSet<String> {
    let routes = TABLE.split(".route(").skip(1);
    let literals = routes.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    literals.map(|path| path.replace("{*", "{")).collect()
}

/// Each path of the document, with the methods that it has there; those where it answers too among them.
fn described(document: &Value) -> Vec<(String, BTreeSet<String>)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let operations = item.as_object().unwrap();
        let methods: BTreeSet<String> = operations.keys().cloned().collect();
        let also = operations.values().next().unwrap()["x-also-at"].as_str();
        all.extend(also.map(|path| (path.to_owned(), methods.clone())));
        all.push((path.clone(), methods));
    }
    all
}

/// A path with something in its places.
fn filled(path: &str) -> String {
    let parts = path.split('/');
    let filled = parts.map(|part| if part.starts_with('{') { "x" } else { part });
    filled.collect::<Vec<_>>().join("/")
}

#[test]
fn every_endpoint_is_described_and_every_description_is_of_one() {
    let gateway = Gateway::before(NOBODY, &[]);
    let described = described(&gateway.get("/openapi.json").json());
    let paths: BTreeSet<&str> = described.iter().map(|(path, _)| path.as_str()).collect();
    let table = paths_of_table();
    assert!(table.len() > 30, "the table is not read: {table:?}");
    let missing: Vec<_> = table
        .iter()
        .filter(|path| !paths.contains(path.as_str()))
        .collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
    // The place where a browser is led on is nothing to any other request.
    for (path, methods) in described.iter().filter(|(path, _)| path != "/") {
        for method in METHODS {
            let request = gateway.request(&method.to_uppercase(), &filled(path));
            // A stream goes on; that it has begun is enough.
            let (status, text) = if method == "get" && STREAMS.contains(&path.as_str()) {
                (request.open().status, String::new())
            } else {
                let answer = request.send();
                (answer.status, answer.text())
            };
            let is_unknown = status == 404 && text.contains("\"unknown_url\"");
            let is_there = status != 405 && !is_unknown;
            let is_described = methods.contains(method);
            assert_eq!(is_there, is_described, "{method} {path} {status}");
        }
    }
}

#[test]
fn the_document_is_open_and_the_same_for_every_gateway() {
    let open = Gateway::before(NOBODY, &[]).get("/openapi.json");
    let locked = [
        ("MODELPORT_API_KEY", "the-key-of-the-gateway"),
        ("MODELPORT_ADMIN_KEY", "the-key-of-the-admin"),
    ];
    let locked = Gateway::before("http://secret.example/v1", &locked).get("/openapi.json");
    for answer in [&open, &locked] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.header("x-request-id").is_some());
        assert_eq!(answer.json()["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
    assert_eq!(open.body, locked.body);
    let (status, printed) = run(&["openapi"], &[]);
    assert!(status.success());
    assert_eq!(printed.trim_end(), open.text());
}

#[test]
fn operations_have_their_own_ids_and_references_lead_somewhere() {
    let document = Gateway::before(NOBODY, &[]).get("/openapi.json").json();
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    let ids: Vec<&str> = operations
        .map(|each| each["operationId"].as_str().unwrap())
        .collect();
    let different: BTreeSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "{ids:?}");
    let text = document.to_string();
    for rest in text.split("\"$ref\":\"#").skip(1) {
        let place = rest.split('"').next().unwrap();
        assert!(document.pointer(place).is_some(), "{place} is nowhere");
    }
}

#[test]
fn errors_are_those_that_an_endpoint_can_answer_with() {
    let document = Gateway::before(NOBODY, &[]).get("/openapi.json").json();
    let answer = |path: &str, method: &str, status: &str| {
        let answer = &document["paths"][path][method]["responses"][status];
        let place = answer["$ref"].as_str().map(|place| &place[1..]);
        place.map_or_else(
            || answer.clone(),
            |place| document.pointer(place).unwrap().clone(),
        )
    };
    let told = |path: &str, method: &str, status: &str| {
        answer(path, method, status)["description"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert!(told("/v1/providers/{id}", "get", "404").contains("`provider_not_found`"));
    assert!(told("/v1/providers", "get", "404").is_empty());
    assert!(told("/admin/v1/keys", "post", "403").contains("`admin_closed`"));
    assert!(told("/admin/v1/session", "get", "403").contains("`viewer_not_here`"));
    let busy = answer("/v1/chat/completions", "post", "429");
    assert!(busy["headers"]["retry-after"].is_object(), "{busy}");
    let message = answer("/v1/messages", "post", "404").to_string();
    assert!(message.contains("AnthropicError"), "{message}");
}

#[test]
fn the_page_shows_the_document_with_the_gateways_own_files_alone() {
    let page = Gateway::before(NOBODY, &[]).get("/docs");
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(page.text().contains("/docs/docs.js"), "{}", page.text());
    assert!(!page.text().contains("://"), "{}", page.text());
}
