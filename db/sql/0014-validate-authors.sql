-- Reads every row, without keeping others from reading and writing. A transaction of its own, because 0013 locks the
-- table until it ends.
ALTER TABLE task VALIDATE CONSTRAINT task_created_by;
ALTER TABLE task VALIDATE CONSTRAINT task_updated_by;
