use super::World;
use super::world::*;
use crate::*;

fn set(id: &str, expected_version: i64, kind: SpecKind, json: &str) -> SetSpec {
    SetSpec { supervisor_id: id.into(), expected_version, kind, json: json.into(), by: "olga".into() }
}

pub async fn versions_follow(w: World) {
    let first = set("s1", 0, SpecKind::Submitted, "{\"a\":1}");
    assert_eq!(done(w.store.set_spec(&first).await).version, 1);
    assert_eq!(already(w.store.set_spec(&first).await).version, 1);
    let other = conflict(w.store.set_spec(&set("s1", 0, SpecKind::Submitted, "{}")).await);
    assert_is!(other, Conflict::Version { current: 1, expected: 0, .. });
    let ahead = conflict(w.store.set_spec(&set("s1", 5, SpecKind::Submitted, "{}")).await);
    assert_is!(ahead, Conflict::Version { current: 1, expected: 5, .. });
    done(w.store.set_spec(&set("s1", 1, SpecKind::Suspended, "{}")).await);
    assert_eq!(w.store.spec("s1", 1).await.unwrap().unwrap().json, "{\"a\":1}");
    assert_eq!(w.store.supervisor("s1").await.unwrap().unwrap().kind, SpecKind::Suspended);
    assert_eq!(w.store.supervisor("s2").await.unwrap(), None);
}

pub async fn history_shows_all(w: World) {
    let kinds = [SpecKind::Submitted, SpecKind::Suspended, SpecKind::Resumed, SpecKind::Terminated];
    for (expected, kind) in (0..).zip(kinds) {
        w.clock.advance_ms(1);
        done(w.store.set_spec(&set("s1", expected, kind, "{}")).await);
    }
    done(w.store.set_spec(&set("s0", 0, SpecKind::Submitted, "{}")).await);
    let history = w.store.spec_history(Some("s1"), None).await.unwrap();
    let seen: Vec<_> = history.iter().map(|spec| (spec.version, spec.kind, spec.created_at - START)).collect();
    assert_eq!(seen, [(4, kinds[3], 4), (3, kinds[2], 3), (2, kinds[1], 2), (1, kinds[0], 1)]);
    assert_eq!(w.store.spec_history(Some("s1"), Some(2)).await.unwrap().len(), 2);
    let all = w.store.spec_history(None, None).await.unwrap();
    assert_eq!((all.len(), all[0].supervisor_id.as_str()), (5, "s0"));
    let current = w.store.supervisors().await.unwrap();
    let current: Vec<_> = current.iter().map(|spec| (spec.supervisor_id.as_str(), spec.kind)).collect();
    assert_eq!(current, [("s0", SpecKind::Submitted), ("s1", SpecKind::Terminated)]);
}
