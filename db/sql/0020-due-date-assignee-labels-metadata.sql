-- When a task is due, who works on it, its labels, and data of the embedding product, which the service does not interpret.
-- The default is the same for every row, so adding the columns reads and writes no row. 0021 makes PostgreSQL read every
-- row to know that the checks hold. A waiting ALTER TABLE keeps all others waiting, so it waits for a moment only.
SET LOCAL lock_timeout = '5s';

-- Whether labels are 1 to 50 characters long and different from each other.
CREATE FUNCTION are_labels(labels text[]) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    label text;
BEGIN
    FOREACH label IN ARRAY labels LOOP
        IF label IS NULL OR char_length(label) NOT BETWEEN 1 AND 50 OR cardinality(array_positions(labels, label)) > 1 THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END $$;

ALTER TABLE task
    ADD COLUMN due_at timestamptz,
    ADD COLUMN assignee text,
    ADD COLUMN labels text[] NOT NULL DEFAULT '{}',
    -- `json` keeps the text as it is, and the service never looks into it.
    ADD COLUMN metadata json,
    ADD CONSTRAINT task_due_at CHECK (due_at >= '1970-01-01Z' AND due_at < '2200-01-01Z') NOT VALID,
    ADD CONSTRAINT task_assignee CHECK (char_length(assignee) BETWEEN 1 AND 200) NOT VALID,
    ADD CONSTRAINT task_labels CHECK (labels = '{}' OR (cardinality(labels) <= 20 AND are_labels(labels))) NOT VALID,
    ADD CONSTRAINT task_metadata CHECK (json_typeof(metadata) = 'object' AND octet_length(metadata::text) <= 4096) NOT VALID;
