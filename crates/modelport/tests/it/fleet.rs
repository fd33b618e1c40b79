//! Three gateways with one PostgreSQL and one Redis under load, while each of these goes away and comes back: they serve
//! throughout, the ledger has every request once, and limits hold within what docs/keys.md says.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use modelport_sim::Options;
use sqlx::{Connection, PgConnection, Row};

use crate::support::{
    A_DOLLAR_EACH, Gateway, Upstream,
    postgres::{Postgres, block_on},
    redis::Redis,
    wait_until,
};

mod load;

use load::{Ended, Load, Over, Span};

const GATEWAYS: usize = 3;

/// Callers of each gateway.
const CALLERS: usize = 4;

/// The limit of all gateways together, and their budget, at a dollar a request.
const PER_MINUTE: u32 = 600;
const BUDGET: usize = 800;

/// The one that is killed.
const KILLED: usize = 1;

const SOON: Duration = Duration::from_secs(20);

/// What may be lost of a process that is killed, as docs/ledger.md says: the answers that ended this shortly before.
const LOST: Duration = Duration::from_millis(100);

/// Each gateway asks the server of limits at least this often.
const STALE: Duration = Duration::from_millis(250);

/// What went away when.
struct Outages {
    redis: Span,
    /// Until every gateway had found it again.
    unshared: Span,
    postgres: Span,
    gateway: Span,
}

fn mode(gateway: &Gateway) -> String {
    let ready = gateway.get("/health/ready").json();
    ready["limits"].as_str().unwrap().to_owned()
}

/// The rows of the ledger: of each request how often it is there, with its status; and what all cost, in pico-dollars.
fn ledger(url: &str) -> (HashMap<String, (u32, i16)>, String) {
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let rows = sqlx::query("SELECT request_id, status FROM ledger");
        let rows = rows.fetch_all(&mut connection).await.unwrap();
        let cost = sqlx::query_scalar("SELECT sum(cost_pico)::text FROM ledger");
        let cost = cost.fetch_one(&mut connection).await.unwrap();
        let mut counts = HashMap::new();
        for row in rows {
            let of: &mut (u32, i16) = counts.entry(row.get(0)).or_default();
            *of = (of.0 + 1, row.get(1));
        }
        (counts, cost)
    })
}

/// Starts a gateway with its data there.
fn start(home: &Path, number: usize, shared: &[(&str, &str)]) -> Gateway {
    let data = home.join(number.to_string());
    let data = ("MODELPORT_DATA_DIR", data.to_str().unwrap());
    Gateway::start(&[&[data], shared].concat())
}

/// Takes one after the other away while the callers go on.
fn disturb(
    (load, gateways): (&Load, &mut [Gateway]),
    (redis, postgres): (&mut Redis, &mut Postgres),
    again: impl Fn() -> Gateway,
) -> Outages {
    load.wait_for(150);
    let from = Instant::now();
    redis.stop();
    thread::sleep(Duration::from_millis(500));
    let to = Instant::now();
    redis.resume();
    let shared = |gateway: &Gateway| mode(gateway) == "shared";
    assert!(wait_until(SOON, || gateways.iter().all(shared)));
    let of_redis = Span { from, to };
    let unshared = Span {
        from: from.checked_sub(STALE).unwrap(),
        to: Instant::now(),
    };
    load.wait_for(350);
    let from = Instant::now();
    postgres.pause();
    thread::sleep(Duration::from_secs(1));
    let to = Instant::now();
    postgres.resume();
    let of_postgres = Span { from, to };
    load.wait_for(500);
    let pid = gateways[KILLED].pid().to_string();
    let from = Instant::now();
    let killed = Command::new("kill").args(["-KILL", &pid]).status().unwrap();
    assert!(killed.success());
    thread::sleep(Duration::from_millis(500));
    gateways[KILLED] = again();
    load.addrs.lock().unwrap()[KILLED] = gateways[KILLED].addr();
    let to = Instant::now();
    Outages {
        redis: of_redis,
        unshared,
        postgres: of_postgres,
        gateway: Span { from, to },
    }
}

/// Whatever was away, every gateway that was there answered, and nothing but answers and refusals.
fn served_throughout(ended: &[Ended], outages: &Outages) {
    let down = outages.gateway;
    for one in ended {
        let was_killed = one.gateway == KILLED && one.sent <= down.to && one.at >= down.from;
        let is_answer = matches!(one.status, Some(200 | 402 | 429));
        assert!(is_answer || was_killed, "{}: {:?}", one.id, one.status);
        assert!(one.at - one.sent < Duration::from_secs(5), "{}", one.id);
    }
    for gateway in 0..GATEWAYS {
        for span in [outages.redis, outages.postgres, outages.gateway] {
            let mut within = ended.iter().filter(|one| span.holds(one.at));
            let is_served = within.any(|one| one.gateway == gateway && one.status == Some(200));
            assert!(is_served || gateway == KILLED && span.from == down.from);
        }
    }
}

/// Every request that a caller or the provider knows of is in the ledger, once; of the killed gateway those may be missing
/// that had not ended, or only just. Gives how many those are.
fn each_is_there_once(
    (ended, outages): (&[Ended], &Outages),
    arrived: &HashSet<String>,
    rows: &HashMap<String, (u32, i16)>,
) -> usize {
    let down = outages.gateway;
    let may_lack = |one: &&Ended| {
        one.gateway == KILLED
            && (one.status.is_none() || (one.sent <= down.to && one.at + LOST >= down.from))
    };
    let doubtful: HashSet<&str> = ended
        .iter()
        .filter(may_lack)
        .map(|one| one.id.as_str())
        .collect();
    let known = ended.iter().map(|one| &one.id).chain(arrived);
    for id in known.filter(|id| !doubtful.contains(id.as_str())) {
        assert_eq!(rows.get(id).map(|(count, _)| *count), Some(1), "{id}");
    }
    for (id, (count, status)) in rows {
        assert_eq!(*count, 1, "{id}");
        assert_eq!(*status == 200, arrived.contains(id), "{id}: {status}");
    }
    let unwritten = doubtful.iter().filter(|id| arrived.contains(**id));
    unwritten.count()
}

/// The limits hold within the bound of docs/keys.md.
fn holds(
    ended: &[Ended],
    (outages, lasted): (&Outages, Duration),
    (taken, unwritten): (usize, usize),
) {
    // What may pass beyond a limit when the server starts anew, empty: what gateways took after the one that asks first had
    // last heard of it. That is at most all that they took while it was away and shortly before.
    let unseen = ended.iter().filter(|one| one.status == Some(200));
    let unseen = unseen.filter(|one| outages.unshared.holds(one.at)).count();
    let refilled = f64::from(PER_MINUTE) * lasted.as_secs_f64() / 60.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a small amount"
    )]
    let allowed = PER_MINUTE as usize + refilled.ceil() as usize + unseen;
    // And of a budget beside that what unfinished requests of a killed gateway cost: those of its callers, and those whose
    // end the server had not been told.
    let affordable = BUDGET + unseen + CALLERS + unwritten;
    let refused = ended.iter().filter(|one| one.status == Some(429)).count();
    let found = format!(
        "{lasted:.1?}: {taken} taken, {allowed} allowed, {affordable} affordable, {unseen} unseen, {unwritten} unwritten, {refused} refused by the rate"
    );
    assert!(taken <= allowed, "{found}");
    assert!(taken <= affordable, "{found}");
    // What was spent unseen may be told twice, so less may pass.
    assert!(taken + unseen + CALLERS >= BUDGET, "{found}");
    assert!(refused > 0, "{found}");
}

#[test]
fn a_fleet_serves_counts_and_bounds_whatever_goes_away() {
    let upstream = Upstream::with(Options {
        tokens: Some(3),
        latency_ms: 10,
        seen: 20_000,
        ..Options::default()
    });
    let (mut postgres, mut redis) = (Postgres::start(), Redis::start());
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let prices = write("prices.json", A_DOLLAR_EACH);
    let limits =
        format!("[[limits]]\nrequests_per_minute = {PER_MINUTE}\nbudgets = [\"{BUDGET}/total\"]\n");
    let config = write("modelport.toml", &limits);
    let (base_url, database, server) = (upstream.base_url(), postgres.url(), redis.url());
    let shared = [
        ("OPENAI_COMPATIBLE_BASE_URL", base_url.as_str()),
        ("OPENAI_COMPATIBLE_API_KEY", "sk-upstream-secret"),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
        ("OLLAMA_ENABLED", "false"),
        ("MODELPORT_DATABASE_URL", &database),
        ("MODELPORT_REDIS_URL", &server),
        ("MODELPORT_CATALOGUE", &prices),
        ("MODELPORT_CONFIG", &config),
        ("LOG_LEVEL", "WARN"),
    ];
    let mut gateways: Vec<Gateway> = (0..GATEWAYS)
        .map(|number| start(home.path(), number, &shared))
        .collect();
    let load = Load::default();
    *load.addrs.lock().unwrap() = gateways.iter().map(Gateway::addr).collect();
    let begun = Instant::now();
    let outages = thread::scope(|scope| {
        for caller in 0..GATEWAYS * CALLERS {
            let load = &load;
            scope.spawn(move || load.call(caller % GATEWAYS));
        }
        let again = || start(home.path(), KILLED, &shared);
        // Callers end also where something is not as it should be.
        let over = Over(&load);
        let outages = disturb((&load, &mut gateways), (&mut redis, &mut postgres), again);
        assert!(wait_until(2 * SOON, || load.is_spent()));
        drop(over);
        outages
    });
    let lasted = begun.elapsed();
    for gateway in &mut gateways {
        gateway.terminate();
        assert!(
            gateway.wait(SOON).unwrap().success(),
            "{}",
            gateway.output()
        );
    }
    let ended = load.ended.into_inner().unwrap();
    served_throughout(&ended, &outages);
    let arrived = upstream.completions();
    let arrived: HashSet<String> = arrived
        .iter()
        .map(|seen| seen.header("x-request-id").unwrap().to_owned())
        .collect();
    assert_eq!(arrived.len(), upstream.completions().len());
    let (rows, cost) = ledger(&database);
    let unwritten = each_is_there_once((&ended, &outages), &arrived, &rows);
    let paid = rows.values().filter(|(_, status)| *status == 200).count();
    assert_eq!(cost, format!("{paid}000000000000"));
    assert!((paid..=paid + unwritten).contains(&arrived.len()));
    holds(&ended, (&outages, lasted), (arrived.len(), unwritten));
}
