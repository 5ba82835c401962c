-- transactional: false
-- Pages of the tasks of a list, of an assignee and with a label, also of one status. Tasks without a list, an assignee or
-- labels are not in these indexes. Built without keeping others from writing, which no transaction can do.
-- An attempt that was interrupted leaves indexes that are not valid.
DROP INDEX CONCURRENTLY IF EXISTS task_by_list;
CREATE INDEX CONCURRENTLY task_by_list ON task (workspace_id, list_id, status, created_at, id)
    INCLUDE (expires_at, priority) WHERE deleted_at IS NULL AND list_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS task_by_assignee;
CREATE INDEX CONCURRENTLY task_by_assignee ON task (workspace_id, assignee, status, created_at, id)
    INCLUDE (expires_at, priority, list_id) WHERE deleted_at IS NULL AND assignee IS NOT NULL;
-- The array contains the workspace too, so that a search reads the tasks of its workspace only.
DROP INDEX CONCURRENTLY IF EXISTS task_by_label;
CREATE INDEX CONCURRENTLY task_by_label ON task USING gin ((labels || (E'\x01' || workspace_id)))
    WHERE deleted_at IS NULL AND labels <> '{}';
