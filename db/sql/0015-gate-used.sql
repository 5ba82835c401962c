-- When a process last used the index of a workspace, within a quarter of MILLITASK_INDEX_IDLE. The index of a workspace
-- that no process uses is dropped. A gate without a run id has nothing in Redis.
ALTER TABLE gate ADD COLUMN used_at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX gate_used ON gate (used_at) WHERE redis_run_id <> '';
