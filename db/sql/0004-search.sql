-- What is searched: the words of title and description, in small letters and as they are written; what often joins words
-- parts them here. Not written again unless one of the two is.
ALTER TABLE task ADD COLUMN words tsvector NOT NULL GENERATED ALWAYS AS (
    to_tsvector('simple', translate(title || ' ' || description, '@./_:+~%&=?#|-', '              '))
) STORED;
CREATE INDEX task_words ON task USING gin (words) WHERE deleted_at IS NULL;

-- Every filter by priority, alone or with a status and a time of creation: one walk for each priority and status.
CREATE INDEX task_filter ON task (workspace_id, priority, status, created_at, id) INCLUDE (expires_at)
    WHERE deleted_at IS NULL;
