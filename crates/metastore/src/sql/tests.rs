use std::sync::Arc;

use timeline::{ManualClock, SeededRandom};

use super::*;
use crate::conformance::{CASES, START, World};

/// URL of a PostgreSQL database in which schemas may be made.
const POSTGRES: &str = "DOLMEN_TEST_POSTGRES_URL";

async fn run_case(url: &str, case: fn(World) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) {
    let clock = Arc::new(ManualClock::new(START));
    let options = Options::new(clock.clone(), Arc::new(SeededRandom::new(1)));
    let store = open(url, options).await.unwrap();
    case(World::new(store, clock).await).await;
}

fn options() -> Options {
    Options::new(Arc::new(ManualClock::new(START)), Arc::new(SeededRandom::new(1)))
}

fn url(folder: &tempfile::TempDir) -> String {
    format!("sqlite:{}", folder.path().join("meta.db").display())
}

#[tokio::test]
async fn sqlite_conforms() {
    for (name, case) in CASES {
        println!("{name}");
        let folder = tempfile::tempdir().unwrap();
        run_case(&url(&folder), *case).await;
    }
}

#[tokio::test]
async fn postgres_conforms() {
    let Ok(base) = std::env::var(POSTGRES) else {
        println!("skipped: {} cases on PostgreSQL, {POSTGRES} is not set", CASES.len());
        return;
    };
    let admin = sqlx::PgPool::connect(&base).await.unwrap();
    for (at, (name, case)) in CASES.iter().enumerate() {
        println!("{name}");
        let schema = format!("conformance_{}_{at}", std::process::id());
        for text in [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")] {
            sqlx::query(sqlx::AssertSqlSafe(text)).execute(&admin).await.unwrap();
        }
        let joint = if base.contains('?') { '&' } else { '?' };
        run_case(&format!("{base}{joint}options[search_path]={schema}"), *case).await;
        let drop = sqlx::AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"));
        sqlx::query(drop).execute(&admin).await.unwrap();
    }
}

#[tokio::test]
async fn facts_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let store = open(&url(&folder), Options::new(clock.clone(), Arc::new(SeededRandom::new(1)))).await.unwrap();
    let world = World::new(store, clock).await;
    world.published(0, 10).await;
    let before = world.live().await;
    drop(world);
    let again = reopen(&folder).await;
    assert_eq!(again.live(&before.datasource.datasource_id).await.unwrap(), before);
}

/// The driver closes its connections, and with them the lock, in the background.
async fn reopen(folder: &tempfile::TempDir) -> Arc<dyn Metastore> {
    loop {
        match open(&url(folder), options()).await {
            Ok(store) => return store,
            Err(Error::InUse { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_second_opener_is_told_who_holds_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(&url(&folder), options()).await.unwrap();
    let refused = open(&url(&folder), options()).await.err().unwrap();
    let holder = format!("process {}", std::process::id());
    assert!(matches!(&refused, Error::InUse { holder: found, .. } if *found == holder), "{refused}");
    assert!(refused.to_string().contains(&holder));
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let store = open(&url(&folder), Options::new(clock.clone(), Arc::new(SeededRandom::new(1)))).await.unwrap();
    let world = World::new(store, clock).await;
    for at in 0..40 {
        world.published(at, at + 1).await;
    }
    drop(world);
    drop(reopen(&folder).await);
    let path = folder.path().join("meta.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0xA5);
    std::fs::write(&path, &bytes).unwrap();
    for name in ["meta.db-wal", "meta.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(name));
    }
    let refused = loop {
        match open(&url(&folder), options()).await.err().unwrap() {
            Error::InUse { .. } => tokio::task::yield_now().await,
            error => break error,
        }
    };
    assert!(matches!(refused, Error::Corrupt(_)), "{refused:?}");
}

#[tokio::test]
async fn another_scheme_is_named() {
    let refused = open("mysql://host/db", options()).await.err().unwrap();
    assert!(refused.to_string().contains("mysql"), "{refused}");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(&url(&folder), options()).await.unwrap());
    let pool = sqlx::SqlitePool::connect(&url(&folder)).await.unwrap();
    sqlx::query("INSERT INTO schema_versions (version) VALUES (99)").execute(&pool).await.unwrap();
    pool.close().await;
    let refused = loop {
        match open(&url(&folder), options()).await.err().unwrap() {
            Error::InUse { .. } => tokio::task::yield_now().await,
            error => break error,
        }
    };
    assert!(refused.to_string().contains("99"), "{refused}");
}

/// A dropped call leaves no open transaction behind.
#[tokio::test]
async fn an_abandoned_verb_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let store = open(&url(&folder), Options::new(clock.clone(), Arc::new(SeededRandom::new(1)))).await.unwrap();
    let world = World::new(store, clock).await;
    let cut = world.cut(0, 10).await;
    for polls in 1..60 {
        let mut call = Box::pin(world.store.publish(&cut));
        let mut left = polls;
        let finished = std::future::poll_fn(|context| {
            left -= 1;
            match call.as_mut().poll(context) {
                std::task::Poll::Ready(_) => std::task::Poll::Ready(true),
                std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(false),
                std::task::Poll::Pending => std::task::Poll::Pending,
            }
        });
        let finished = finished.await;
        drop(call);
        let next = world.next_offset(0).await;
        assert!(next == 0 || next == 10);
        world.check().await;
        if finished {
            break;
        }
    }
    assert!(world.store.publish(&cut).await.is_done());
    assert_eq!(world.next_offset(0).await, 10);
    world.check().await;
}
