-- transactional: false
-- An external id is unique in its workspace, also among deleted and expired tasks, which could be restored otherwise
-- beside a task of the same external id. Built without keeping others from writing, which no transaction can do.
-- An attempt that was interrupted leaves an index that is not valid.
DROP INDEX CONCURRENTLY IF EXISTS task_unique_external_id;
CREATE UNIQUE INDEX CONCURRENTLY task_unique_external_id ON task (workspace_id, external_id)
    WHERE external_id IS NOT NULL;
