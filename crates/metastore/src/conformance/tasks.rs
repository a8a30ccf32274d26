use super::World;
use super::world::*;
use crate::*;

fn create(task_id: &str, datasource: &str) -> CreateTask {
    CreateTask {
        task_id: task_id.into(),
        task_type: "index_parallel".into(),
        group_id: task_id.into(),
        datasource: datasource.into(),
        payload: "{}".into(),
    }
}

fn end(task_id: &str, status: TaskStatus) -> UpdateTask {
    UpdateTask {
        task_id: task_id.into(),
        status,
        duration_ms: Some(42),
        report: Some("{\"r\":1}".into()),
        error: None,
        log_location: Some("tasks/x.log".into()),
    }
}

pub async fn a_task_is_created_once(w: World) {
    let task = done(w.store.create_task(&create("t1", "ads")).await);
    assert_eq!((task.status, task.duration_ms, task.created_at), (TaskStatus::Running, -1, START));
    assert_is!(conflict(w.store.create_task(&create("t1", "ads")).await), Conflict::Exists { .. });
    assert_eq!(w.store.task("t1").await.unwrap(), Some(task));
    assert_eq!(w.store.task("t2").await.unwrap(), None);
}

pub async fn a_task_ends_once(w: World) {
    done(w.store.create_task(&create("t1", "ads")).await);
    let running = UpdateTask { duration_ms: None, log_location: None, ..end("t1", TaskStatus::Running) };
    done(w.store.update_task(&running).await);
    w.clock.advance_ms(42);
    let ended = done(w.store.update_task(&end("t1", TaskStatus::Success)).await);
    assert_eq!((ended.status, ended.duration_ms), (TaskStatus::Success, 42));
    assert_eq!((ended.report.as_deref(), ended.log_location.as_deref()), (Some("{\"r\":1}"), Some("tasks/x.log")));
    already(w.store.update_task(&end("t1", TaskStatus::Success)).await);
    assert_is!(conflict(w.store.update_task(&end("t1", TaskStatus::Failed)).await), Conflict::Exists { .. });
    assert_is!(conflict(w.store.update_task(&running).await), Conflict::Exists { .. });
    assert_is!(conflict(w.store.update_task(&end("t2", TaskStatus::Failed)).await), Conflict::Missing { .. });
}

pub async fn tasks_are_filtered(w: World) {
    for (id, datasource) in [("t1", "ads"), ("t2", "orders"), ("t3", "ads")] {
        done(w.store.create_task(&create(id, datasource)).await);
        w.clock.advance_ms(10);
    }
    done(w.store.update_task(&end("t1", TaskStatus::Failed)).await);
    let none = TaskFilter::default;
    let cases = [
        (none(), vec!["t3", "t2", "t1"]),
        (TaskFilter { datasource: Some("ads".into()), ..none() }, vec!["t3", "t1"]),
        (TaskFilter { task_type: Some("kill".into()), ..none() }, vec![]),
        (TaskFilter { is_complete: Some(true), ..none() }, vec!["t1"]),
        (TaskFilter { is_complete: Some(false), ..none() }, vec!["t3", "t2"]),
        (TaskFilter { status: Some(TaskStatus::Failed), ..none() }, vec!["t1"]),
        (TaskFilter { created_from: Some(START + 10), ..none() }, vec!["t3", "t2"]),
        (TaskFilter { limit: Some(1), ..none() }, vec!["t3"]),
    ];
    for (filter, expected) in cases {
        let found = w.store.tasks(&filter).await.unwrap();
        let ids: Vec<_> = found.iter().map(|task| task.task_id.as_str()).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
}

pub async fn locks_go_with_their_task(w: World) {
    done(w.store.create_task(&create("t1", "ads")).await);
    let lock = |task: &str, start| TaskLock {
        task_id: task.into(),
        datasource: "ads".into(),
        start,
        end: start + HOUR,
        lock_type: "EXCLUSIVE".into(),
        priority: 50,
        version: "v".into(),
    };
    let set = |locks| SetLocks { task_id: "t1".into(), locks };
    done(w.store.set_locks(&set(vec![lock("t1", 0), lock("t1", HOUR)])).await);
    done(w.store.set_locks(&set(vec![lock("t1", HOUR)])).await);
    assert_eq!(w.store.locks(Some("ads")).await.unwrap(), [lock("t1", HOUR)]);
    assert_eq!(w.store.locks(Some("orders")).await.unwrap(), []);
    assert_is!(conflict(w.store.set_locks(&set(vec![lock("t2", 0)])).await), Conflict::Invalid { .. });
    done(w.store.update_task(&end("t1", TaskStatus::Success)).await);
    assert_eq!(w.store.locks(None).await.unwrap(), []);
    assert_is!(conflict(w.store.set_locks(&set(vec![lock("t1", 0)])).await), Conflict::Invalid { .. });
}
