-- A page of the tasks that expire, the soonest first, in either direction. Holds only rows that have an expiry.
CREATE INDEX task_expiring ON task (workspace_id, expires_at, id) WHERE deleted_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX task_expiring_by_status ON task (workspace_id, status, expires_at, id)
    WHERE deleted_at IS NULL AND expires_at IS NOT NULL;
