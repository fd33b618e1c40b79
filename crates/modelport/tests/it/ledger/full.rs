//! The disk is full.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

use super::*;

/// A file system of its own with little space; unmounted when dropped.
struct Small(tempfile::TempDir);

impl Small {
    /// `None` where nothing may be mounted. Only root may, so that root has no excuse.
    #[expect(clippy::print_stdout, reason = "the test says why it tests nothing")]
    fn mount() -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "modelport-test"])
            .arg(place.path())
            .output()
            .unwrap();
        if output.status.success() {
            return Some(Self(place));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        assert!(!is_root, "mount: {said}");
        println!("not tested, because nothing can be mounted: {said}");
        None
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// Takes all the space there is.
    fn fill(&self) -> PathBuf {
        let path = self.0.path().join("filling");
        let mut file = fs::File::create(&path).unwrap();
        for size in [4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
    }
}

#[test]
fn a_full_disk_stops_no_request_and_loses_none() {
    const EACH: usize = 200;
    let Some(disk) = Small::mount() else {
        return;
    };
    let upstream = Upstream::with(Options {
        tokens: Some(5),
        ..Options::default()
    });
    let base_url = upstream.base_url();
    let data = disk.path();
    let settings = Engine::Sqlite.settings(&data, &base_url);
    let mut gateway = Gateway::start(&settings);
    let mut next = 0;
    let ask = |gateway: &Gateway, next: &mut usize| {
        for _ in 0..EACH {
            chat(gateway.addr(), &format!("r-{next}")).unwrap();
            *next += 1;
        }
    };
    let ledger = |gateway: &Gateway| gateway.get("/health/ready").json()["ledger"].clone();
    ask(&gateway, &mut next);
    assert!(wait_until(SOON, || Engine::Sqlite.rows(&data).len() == EACH));
    let filling = disk.fill();
    ask(&gateway, &mut next);
    assert!(
        wait_until(SOON, || ledger(&gateway)["state"] == "journal failing"),
        "{}",
        ledger(&gateway)
    );
    ask(&gateway, &mut next);
    let waits = || ledger(&gateway)["waiting"].as_u64().unwrap() > 100;
    assert!(wait_until(SOON, waits), "{}", ledger(&gateway));
    assert_eq!(ledger(&gateway)["lost"], 0);
    let said = gateway.output();
    assert_eq!(
        said.matches(" ERROR ").count(),
        said.matches("cannot be written").count(),
        "{said}"
    );
    assert_eq!(
        said.matches("the journal cannot be written").count(),
        1,
        "{said}"
    );
    fs::remove_file(filling).unwrap();
    let is_well = || ledger(&gateway) == json!({"state": "ok", "waiting": 0, "lost": 0});
    assert!(wait_until(2 * SOON, is_well), "{}", ledger(&gateway));
    ask(&gateway, &mut next);
    gateway.terminate();
    assert!(gateway.wait(SOON).unwrap().success());
    let rows = Engine::Sqlite.rows(&data);
    assert_eq!(rows.len(), next, "{}", gateway.output());
    assert!(rows.values().all(|count| *count == 1));
    let sound: String = block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(data.join("modelport.db"));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let query = sqlx::query_scalar("PRAGMA integrity_check");
        query.fetch_one(&mut connection).await.unwrap()
    });
    assert_eq!(sound, "ok");
}
