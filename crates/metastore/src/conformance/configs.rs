use super::World;
use super::world::*;
use crate::*;

fn set(key: &str, expected_version: Option<i64>, json: Option<&str>) -> SetConfig {
    SetConfig {
        key: key.into(),
        expected_version,
        json: json.map(str::to_owned),
        author: "olga".into(),
        comment: "why".into(),
        ip: "::1".into(),
    }
}

pub async fn values_have_versions(w: World) {
    done(w.store.set_config(&set("rules/ads", None, Some("[1]"))).await);
    done(w.store.set_config(&set("rules/ads", None, Some("[2]"))).await);
    done(w.store.set_config(&set("rules/ads", Some(2), Some("[3]"))).await);
    already(w.store.set_config(&set("rules/ads", Some(2), Some("[3]"))).await);
    let behind = conflict(w.store.set_config(&set("rules/ads", Some(2), Some("[4]"))).await);
    assert_is!(behind, Conflict::Version { current: 3, expected: 2, .. });
    let value = w.store.config("rules/ads").await.unwrap().unwrap();
    assert_eq!((value.version, value.json.as_deref(), value.author.as_str()), (3, Some("[3]"), "olga"));
    let history = w.store.config_history("rules/ads", Some(2)).await.unwrap();
    assert_eq!(history.iter().map(|value| value.version).collect::<Vec<_>>(), [3, 2]);
    done(w.store.set_config(&set("rules/b", Some(0), Some("[]"))).await);
    done(w.store.set_config(&set("other", None, Some("[]"))).await);
    let values = w.store.configs("rules/").await.unwrap();
    assert_eq!(values.iter().map(|value| value.key.as_str()).collect::<Vec<_>>(), ["rules/ads", "rules/b"]);
}

pub async fn deleted_values_are_gone(w: World) {
    done(w.store.set_config(&set("k", None, Some("1"))).await);
    done(w.store.set_config(&set("k", None, None)).await);
    assert_eq!(w.store.config("k").await.unwrap(), None);
    assert_eq!(w.store.configs("").await.unwrap(), []);
    assert_eq!(w.store.config_history("k", None).await.unwrap().len(), 2);
    assert_eq!(done(w.store.set_config(&set("k", None, Some("2"))).await).version, 3);
}
