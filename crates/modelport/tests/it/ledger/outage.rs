//! The ledger's database goes away and comes back.

use super::*;

#[test]
fn a_server_that_is_stopped_and_started_under_load_misses_nothing() {
    let upstream = Upstream::with(Options {
        tokens: Some(5),
        ..Options::default()
    });
    let mut server = Postgres::start();
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let engine = Engine::Postgres(server.url());
    let gateway = Gateway::start(&engine.settings(data.path(), &base_url));
    let state = || gateway.get("/health/ready").json()["ledger"]["state"].clone();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while done.load(Relaxed) == 0 {
                    let number = next.fetch_add(1, Relaxed);
                    chat(gateway.addr(), &format!("r-{number}")).unwrap();
                    thread::sleep(Duration::from_millis(2));
                }
            });
        }
        let more = |count| {
            let now = next.load(Relaxed);
            assert!(wait_until(SOON, || next.load(Relaxed) > now + count));
        };
        more(200);
        server.pause();
        assert!(wait_until(SOON, || state() == "database failing"));
        more(200);
        assert_eq!(gateway.get("/health/ready").status, 200);
        server.resume();
        assert!(
            wait_until(3 * SOON, || state() == "ok"),
            "{}",
            gateway.output()
        );
        more(100);
        done.store(1, Relaxed);
    });
    let all = next.load(Relaxed);
    let counted = || engine.rows(data.path());
    assert!(
        wait_until(SOON, || counted().len() == all),
        "{}",
        gateway.output()
    );
    assert!(counted().values().all(|count| *count == 1));
    let said = gateway.output();
    assert_eq!(
        said.matches("the ledger cannot be written").count(),
        1,
        "{said}"
    );
    assert!(said.contains("the ledger can be written again"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
}
