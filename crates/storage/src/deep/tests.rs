use super::*;

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn stores(folder: &tempfile::TempDir) -> [DeepStorage; 2] {
    let url = Url::from_directory_path(folder.path().join("deep")).unwrap();
    [DeepStorage::memory(), DeepStorage::open(url.as_str(), &[]).unwrap()]
}

#[tokio::test]
async fn an_object_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder) {
        let stored = store.put("d/a.parquet", bytes("hello")).await.unwrap();
        assert_eq!((stored.size, stored.hash.as_str()), (5, sha256_hex(b"hello").as_str()));
        assert_eq!(store.put("d/a.parquet", bytes("hello")).await.unwrap(), stored, "a retry is as good");
        for other in ["hellO", "hello!"] {
            let refused = store.put("d/a.parquet", bytes(other)).await.unwrap_err();
            assert!(matches!(refused, Error::Exists { .. }), "{refused}");
        }
        assert_eq!(store.get("d/a.parquet", 5).await.unwrap(), bytes("hello"));
        assert!(matches!(store.get("d/a.parquet", 4).await, Err(Error::Full { needed: 5, .. })));
    }
}

#[tokio::test]
async fn damage_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let [_, store] = stores(&folder);
    let stored = store.put("d/a.parquet", bytes("hello")).await.unwrap();
    store.verify(&stored).await.unwrap();
    let file = folder.path().join("deep/d/a.parquet");
    std::fs::write(&file, "hellO").unwrap();
    store.check_size(&stored).await.unwrap();
    assert_eq!(store.verify(&stored).await.unwrap_err().kind(), crate::ErrorKind::Corrupt);
    std::fs::write(&file, "hell").unwrap();
    assert_eq!(store.check_size(&stored).await.unwrap_err().kind(), crate::ErrorKind::Corrupt);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(store.verify(&stored).await.unwrap_err().kind(), crate::ErrorKind::NotFound);
}

#[tokio::test]
async fn what_is_absent_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder) {
        for path in ["d/b", "d/dead/c", "e/a"] {
            store.put(path, bytes("x")).await.unwrap();
        }
        assert_eq!(store.list("d").await.unwrap(), ["d/b", "d/dead/c"]);
        assert_eq!(store.list("").await.unwrap().len(), 3);
        store.delete("d/b").await.unwrap();
        store.delete("d/b").await.unwrap();
        assert!(!store.exists("d/b").await.unwrap());
        assert!(store.exists("e/a").await.unwrap());
    }
}

#[tokio::test]
async fn paths_stay_inside() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder) {
        for path in ["../x", "a/../../x", "a//b", "a/./b"] {
            let refused = store.put(path, bytes("x")).await.unwrap_err();
            assert_eq!(refused.kind(), crate::ErrorKind::Invalid, "{path}");
        }
    }
    assert!(!folder.path().join("x").exists());
}

#[test]
fn urls_are_checked() {
    for bad in ["", "deep", "ftp://host/x", "http://host/x", "memory:///"] {
        let refused = DeepStorage::open(bad, &[]).err().unwrap();
        assert_eq!(refused.kind(), crate::ErrorKind::Invalid, "{bad}");
    }
    let options = [("aws_region", "eu-west-1"), ("aws_access_key_id", "k"), ("aws_secret_access_key", "s")];
    let options: Vec<_> = options.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let store = DeepStorage::open("s3://bucket/some/prefix", &options).unwrap();
    assert_eq!(store.path("d/a").unwrap().to_string(), "some/prefix/d/a");
}
