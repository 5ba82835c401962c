-- Reads every row, without keeping others from reading and writing. A transaction of its own, because 0006 locks the
-- table until it ends.
ALTER TABLE task VALIDATE CONSTRAINT task_workspace_id;
