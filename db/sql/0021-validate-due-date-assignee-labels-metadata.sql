-- Reads every row, without keeping others from reading and writing. A transaction of its own, because 0020 locks the
-- table until it ends.
SET LOCAL lock_timeout = '5s';
ALTER TABLE task
    VALIDATE CONSTRAINT task_due_at,
    VALIDATE CONSTRAINT task_assignee,
    VALIDATE CONSTRAINT task_labels,
    VALIDATE CONSTRAINT task_metadata;
