//! The endpoints under `/__sim/`.

use serde_json::json;

use crate::client::{PLAIN, ask, chat, sim};

#[tokio::test]
async fn what_arrived_can_be_read_as_json() {
    let sim = sim().await;
    ask(
        &sim,
        "POST /v1/chat/completions?a=b",
        "Authorization: Bearer x\r\nX-Twice: 1\r\nX-Twice: 2\r\n",
        PLAIN,
    )
    .await;
    chat(&sim, "status-500", "\u{e9}").await;
    let seen = ask(&sim, "GET /__sim/requests", "", "").await.json();
    assert_eq!(seen.as_array().unwrap().len(), 2);
    assert_eq!(
        (&seen[0]["method"], &seen[0]["path"]),
        (&json!("POST"), &json!("/v1/chat/completions?a=b"))
    );
    assert_eq!(
        (&seen[0]["body"], &seen[0]["outcome"]),
        (&json!(PLAIN), &json!("answered"))
    );
    assert_eq!(seen[1]["body_base64"], "w6k=");
    let headers = seen[0]["headers"].as_array().unwrap();
    assert_eq!(
        headers[headers.len() - 2..],
        [json!(["X-Twice", "1"]), json!(["X-Twice", "2"])]
    );
    assert_eq!(sim.requests()[0].header("authorization"), Some("Bearer x"));
    assert!(!format!("{:?}", sim.requests()).contains("Bearer"));
    ask(&sim, "DELETE /__sim/requests", "", "").await;
    assert!(sim.requests().is_empty());
}

#[tokio::test]
async fn fault_and_listing_can_be_set() {
    let sim = sim().await;
    assert_eq!(
        ask(&sim, "PUT /__sim/fault", "", "status-503@1")
            .await
            .status,
        200
    );
    assert_eq!(
        ask(&sim, "GET /__sim/fault", "", "").await.json()["fault"],
        "status-503@1"
    );
    assert_eq!(
        ask(&sim, "POST /v1/chat/completions", "", PLAIN)
            .await
            .status,
        503
    );
    assert_eq!(
        ask(&sim, "POST /v1/chat/completions", "", PLAIN)
            .await
            .status,
        200
    );
    ask(&sim, "PUT /__sim/fault", "", "").await;
    assert_eq!(
        ask(&sim, "GET /__sim/fault", "", "").await.json()["fault"],
        json!(null)
    );
    assert_eq!(
        ask(&sim, "PUT /__sim/fault", "", "nonsense").await.status,
        400
    );
    assert_eq!(
        ask(&sim, "PUT /__sim/listing", "", "status-404")
            .await
            .status,
        200
    );
    assert_eq!(ask(&sim, "GET /v1/models", "", "").await.status, 404);
    assert_eq!(ask(&sim, "GET /__sim/nothing", "", "").await.status, 404);
}
