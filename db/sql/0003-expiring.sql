-- Pages of the tasks that expire, soonest first, in both directions. Rows without an expiry are not in the index.
CREATE INDEX task_expiring ON task (workspace_id, expires_at, id) WHERE deleted_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX task_expiring_by_status ON task (workspace_id, status, expires_at, id)
    WHERE deleted_at IS NULL AND expires_at IS NOT NULL;
