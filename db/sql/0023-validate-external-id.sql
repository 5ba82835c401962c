-- Reads every row, without keeping others from reading and writing. A transaction of its own, because 0022 locks the
-- table until it ends.
SET LOCAL lock_timeout = '5s';
ALTER TABLE task VALIDATE CONSTRAINT task_external_id;
