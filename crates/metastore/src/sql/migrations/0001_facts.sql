CREATE TABLE "datasources" (
    "datasource_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "snapshot" BIGINT NOT NULL,
    "weight_forgotten" BIGINT NOT NULL,
    PRIMARY KEY ("datasource_id"),
    UNIQUE (name)
);

CREATE TABLE "leaders" (
    "role" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "nonce" BIGINT NOT NULL,
    "lease_until" BIGINT NOT NULL,
    PRIMARY KEY ("role")
);

CREATE TABLE "sources" (
    "source_id" TEXT NOT NULL,
    "supervisor_id" TEXT NOT NULL,
    "datasource_id" TEXT NOT NULL,
    "datasource" TEXT NOT NULL,
    "topic" TEXT NOT NULL,
    "cluster_id" TEXT,
    "topic_uuid" TEXT,
    "source_gen" BIGINT NOT NULL,
    "created_at" BIGINT NOT NULL,
    PRIMARY KEY ("source_id"),
    FOREIGN KEY (datasource_id) REFERENCES datasources (datasource_id),
    UNIQUE (supervisor_id, datasource_id, topic)
);

CREATE INDEX sources_1 ON "sources" (datasource_id);

CREATE TABLE "lanes" (
    "source_id" TEXT NOT NULL,
    "source_gen" BIGINT NOT NULL,
    "partition" BIGINT NOT NULL,
    "owner" TEXT,
    "epoch" BIGINT NOT NULL,
    "nonce" BIGINT NOT NULL,
    "lease_until" BIGINT NOT NULL,
    "start_offset" BIGINT NOT NULL,
    "next_offset" BIGINT NOT NULL,
    "tail_fp" TEXT,
    "leader_epoch" BIGINT,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    PRIMARY KEY ("source_id", "source_gen", "partition"),
    FOREIGN KEY (source_id) REFERENCES sources (source_id)
);

CREATE TABLE "spec_versions" (
    "supervisor_id" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "json" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "latest" BIGINT NOT NULL,
    PRIMARY KEY ("supervisor_id", "version")
);

CREATE TABLE "spec_barriers" (
    "source_id" TEXT NOT NULL,
    "source_gen" BIGINT NOT NULL,
    "partition" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    "from_offset" BIGINT NOT NULL,
    "at" BIGINT NOT NULL,
    PRIMARY KEY ("source_id", "source_gen", "partition", "version"),
    FOREIGN KEY (source_id, source_gen, "partition") REFERENCES lanes (source_id, source_gen, "partition")
);

CREATE TABLE "bundles" (
    "bundle_id" TEXT NOT NULL,
    "datasource_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "size" BIGINT,
    "hash" TEXT,
    "state" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    PRIMARY KEY ("bundle_id"),
    FOREIGN KEY (datasource_id) REFERENCES datasources (datasource_id),
    UNIQUE (path)
);

CREATE INDEX bundles_1 ON "bundles" (state, created_at);

CREATE TABLE "cuts" (
    "cut_id" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "datasource_id" TEXT NOT NULL,
    "snapshot" BIGINT NOT NULL,
    "at" BIGINT NOT NULL,
    PRIMARY KEY ("cut_id"),
    FOREIGN KEY (datasource_id) REFERENCES datasources (datasource_id)
);

CREATE TABLE "ledger" (
    "source_id" TEXT NOT NULL,
    "source_gen" BIGINT NOT NULL,
    "partition" BIGINT NOT NULL,
    "from_offset" BIGINT NOT NULL,
    "to_offset" BIGINT NOT NULL,
    "cut_id" TEXT NOT NULL,
    "task_id" TEXT,
    "spec_version" BIGINT NOT NULL,
    "indexed" BIGINT NOT NULL,
    "filtered" BIGINT NOT NULL,
    "late" BIGINT NOT NULL,
    "dead" BIGINT NOT NULL,
    "absent" BIGINT NOT NULL,
    "skipped" BIGINT NOT NULL,
    "rows_out" BIGINT NOT NULL,
    "weight_sum" BIGINT NOT NULL,
    "processed" BIGINT NOT NULL,
    "processed_bytes" BIGINT NOT NULL,
    "processed_with_error" BIGINT NOT NULL,
    "thrown_away" BIGINT NOT NULL,
    "unparseable" BIGINT NOT NULL,
    "at" BIGINT NOT NULL,
    PRIMARY KEY ("source_id", "source_gen", "partition", "from_offset"),
    FOREIGN KEY (source_id, source_gen, "partition") REFERENCES lanes (source_id, source_gen, "partition"),
    CHECK (indexed + filtered + late + dead + absent + skipped = to_offset - from_offset)
);

CREATE INDEX ledger_1 ON "ledger" (task_id);

CREATE INDEX ledger_2 ON "ledger" (cut_id);

CREATE TABLE "segments" (
    "seg_id" TEXT NOT NULL,
    "datasource_id" TEXT NOT NULL,
    "datasource" TEXT NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    "partition_num" BIGINT NOT NULL,
    "shard_spec" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "rows" BIGINT NOT NULL,
    "weight_sum" BIGINT NOT NULL,
    "metric_sums" TEXT NOT NULL,
    "min_time" BIGINT NOT NULL,
    "max_time" BIGINT NOT NULL,
    "meta" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "added_at" BIGINT NOT NULL,
    "added_time" BIGINT NOT NULL,
    "removed_at" BIGINT,
    "removed_time" BIGINT,
    "removed_why" TEXT,
    "removed_by" TEXT,
    "undone_by" TEXT,
    "restored_at" BIGINT,
    PRIMARY KEY ("seg_id"),
    FOREIGN KEY (datasource_id) REFERENCES datasources (datasource_id),
    FOREIGN KEY (seg_id) REFERENCES bundles (bundle_id),
    UNIQUE (datasource_id, "start", "end", version, partition_num)
);

CREATE INDEX segments_1 ON "segments" (datasource_id, removed_at);

CREATE INDEX segments_2 ON "segments" (created_by);

CREATE INDEX segments_3 ON "segments" (removed_by);

CREATE INDEX segments_4 ON "segments" (removed_time);

CREATE TABLE "dead_letters" (
    "bundle_id" TEXT NOT NULL,
    "datasource_id" TEXT NOT NULL,
    "source_id" TEXT NOT NULL,
    "source_gen" BIGINT NOT NULL,
    "partition" BIGINT NOT NULL,
    "from_offset" BIGINT NOT NULL,
    "to_offset" BIGINT NOT NULL,
    "num_records" BIGINT NOT NULL,
    "path" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "cut_id" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    PRIMARY KEY ("bundle_id"),
    FOREIGN KEY (bundle_id) REFERENCES bundles (bundle_id),
    FOREIGN KEY (cut_id) REFERENCES cuts (cut_id)
);

CREATE INDEX dead_letters_1 ON "dead_letters" (source_id, at);

CREATE TABLE "snapshots" (
    "datasource_id" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    PRIMARY KEY ("datasource_id", "number"),
    FOREIGN KEY (datasource_id) REFERENCES datasources (datasource_id)
);

CREATE TABLE "gaps" (
    "source_id" TEXT NOT NULL,
    "source_gen" BIGINT NOT NULL,
    "partition" BIGINT NOT NULL,
    "from_offset" BIGINT NOT NULL,
    "to_offset" BIGINT NOT NULL,
    "why" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    PRIMARY KEY ("source_id", "source_gen", "partition", "from_offset"),
    FOREIGN KEY (source_id, source_gen, "partition") REFERENCES lanes (source_id, source_gen, "partition")
);

CREATE TABLE "jobs" (
    "job_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "datasource_id" TEXT NOT NULL,
    "worker" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "nonce" BIGINT NOT NULL,
    "lease_until" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "digest" TEXT,
    "snapshot" BIGINT,
    "weight_added" BIGINT NOT NULL,
    "weight_removed" BIGINT NOT NULL,
    "rows_out" BIGINT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "done_at" BIGINT,
    PRIMARY KEY ("job_id"),
    FOREIGN KEY (datasource_id) REFERENCES datasources (datasource_id)
);

CREATE INDEX jobs_1 ON "jobs" (state);

CREATE TABLE "readers" (
    "broker_id" TEXT NOT NULL,
    "datasource_id" TEXT NOT NULL,
    "min_snapshot" BIGINT NOT NULL,
    "lease_until" BIGINT NOT NULL,
    PRIMARY KEY ("broker_id", "datasource_id"),
    FOREIGN KEY (datasource_id) REFERENCES datasources (datasource_id)
);

CREATE TABLE "interval_counters" (
    "datasource_id" TEXT NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    "next_partition" BIGINT NOT NULL,
    PRIMARY KEY ("datasource_id", "start", "end")
);

CREATE TABLE "tasks" (
    "task_id" TEXT NOT NULL,
    "task_type" TEXT NOT NULL,
    "group_id" TEXT NOT NULL,
    "datasource" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "status" TEXT NOT NULL,
    "duration_ms" BIGINT NOT NULL,
    "payload" TEXT NOT NULL,
    "report" TEXT,
    "error" TEXT,
    "log_location" TEXT,
    "updated_at" BIGINT NOT NULL,
    PRIMARY KEY ("task_id")
);

CREATE INDEX tasks_1 ON "tasks" (created_at);

CREATE TABLE "task_locks" (
    "task_id" TEXT NOT NULL,
    "datasource" TEXT NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT NOT NULL,
    "lock_type" TEXT NOT NULL,
    "priority" BIGINT NOT NULL,
    "version" TEXT NOT NULL,
    PRIMARY KEY ("task_id", "datasource", "start", "end"),
    FOREIGN KEY (task_id) REFERENCES tasks (task_id)
);

CREATE TABLE "config" (
    "key" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "json" TEXT,
    "author" TEXT NOT NULL,
    "comment" TEXT NOT NULL,
    "ip" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "latest" BIGINT NOT NULL,
    PRIMARY KEY ("key", "version")
);

CREATE TABLE "audit" (
    "number" BIGINT NOT NULL,
    "at" BIGINT NOT NULL,
    "verb" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    PRIMARY KEY ("number")
);
