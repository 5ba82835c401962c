-- transactional: false
-- Pages of the deleted tasks, in both directions. They include the expiry, so that PostgreSQL can skip the tasks that have
-- expired since in the index. Built without keeping others from writing, which no transaction can do.
-- An attempt that was interrupted leaves an index that is not valid.
DROP INDEX CONCURRENTLY IF EXISTS task_deleted;
CREATE INDEX CONCURRENTLY task_deleted ON task (workspace_id, deleted_at, id) INCLUDE (expires_at)
    WHERE deleted_at IS NOT NULL;
