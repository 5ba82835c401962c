-- The words of title and description for search: in lower case, without stemming. Characters that often join words
-- separate them here. PostgreSQL computes the column again only when one of the two changes.
ALTER TABLE task ADD COLUMN words tsvector NOT NULL GENERATED ALWAYS AS (
    to_tsvector('simple', translate(title || ' ' || description, '@./_:+~%&=?#|-', '              '))
) STORED;
CREATE INDEX task_words ON task USING gin (words) WHERE deleted_at IS NULL;

-- Filters by priority, with or without status and creation time: one index scan for each priority and status.
CREATE INDEX task_filter ON task (workspace_id, priority, status, created_at, id) INCLUDE (expires_at)
    WHERE deleted_at IS NULL;
