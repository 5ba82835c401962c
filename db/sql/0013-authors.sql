-- Who created a task and who changed it last: a caller's actor. NULL in tasks from before, and for anonymous callers.
-- Adding the columns reads and writes no row. 0014 makes PostgreSQL read every row to know that the checks hold.
ALTER TABLE task ADD COLUMN created_by text, ADD COLUMN updated_by text;
ALTER TABLE task ADD CONSTRAINT task_created_by CHECK (char_length(created_by) BETWEEN 1 AND 300) NOT VALID;
ALTER TABLE task ADD CONSTRAINT task_updated_by CHECK (char_length(updated_by) BETWEEN 1 AND 300) NOT VALID;
