-- An id of the embedding product. Adding the column reads and writes no row. 0023 makes PostgreSQL read every row to know
-- that the check holds. A waiting ALTER TABLE keeps all others waiting, so it waits for a moment only.
SET LOCAL lock_timeout = '5s';
ALTER TABLE task
    ADD COLUMN external_id text,
    ADD CONSTRAINT task_external_id CHECK (char_length(external_id) BETWEEN 1 AND 200) NOT VALID;
