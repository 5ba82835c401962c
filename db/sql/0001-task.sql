-- Tasks: the source of truth. Every limit of the API is also a constraint, so that no writer can bypass it.

CREATE TYPE task_status AS ENUM ('TODO', 'IN_PROGRESS', 'DONE');
CREATE TYPE task_priority AS ENUM ('NONE', 'LOW', 'MEDIUM', 'HIGH', 'URGENT');

CREATE TABLE task (
    workspace_id text          NOT NULL,
    id           uuid          NOT NULL,
    title        text          NOT NULL,
    description  text          NOT NULL DEFAULT '',
    status       task_status   NOT NULL DEFAULT 'TODO',
    priority     task_priority NOT NULL DEFAULT 'NONE',
    created_at   timestamptz   NOT NULL DEFAULT statement_timestamp(),
    updated_at   timestamptz   NOT NULL DEFAULT statement_timestamp(),
    expires_at   timestamptz,
    version      integer       NOT NULL DEFAULT 1,
    deleted_at   timestamptz,
    PRIMARY KEY (workspace_id, id),
    CONSTRAINT task_workspace_id CHECK (workspace_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    CONSTRAINT task_id CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT task_title CHECK (char_length(title) BETWEEN 1 AND 500),
    CONSTRAINT task_description CHECK (char_length(description) <= 10000),
    CONSTRAINT task_created_at CHECK (created_at >= '1970-01-01Z' AND created_at < '2200-01-01Z'),
    CONSTRAINT task_expires_at CHECK (expires_at >= '1970-01-01Z' AND expires_at < '2200-01-01Z'),
    CONSTRAINT task_updated_at CHECK (updated_at >= created_at),
    CONSTRAINT task_version CHECK (version >= 1)
);

-- Redis stores an expiry in milliseconds, so the column has the same precision. The trigger truncates, where
-- timestamptz(3) would round up and show a task for too long. A trigger on timestamptz(3) would see the rounded value.
CREATE FUNCTION cut_expiry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.expires_at := date_trunc('milliseconds', NEW.expires_at);
    RETURN NEW;
END $$;
CREATE TRIGGER task_cut_expiry BEFORE INSERT OR UPDATE OF expires_at ON task
    FOR EACH ROW WHEN (NEW.expires_at IS NOT NULL) EXECUTE FUNCTION cut_expiry();

-- Pages of all tasks and of one status, in both directions. They include the expiry, so that index-only scans can count
-- and skip tasks.
CREATE INDEX task_page ON task (workspace_id, created_at, id) INCLUDE (expires_at) WHERE deleted_at IS NULL;
CREATE INDEX task_page_by_status ON task (workspace_id, status, created_at, id) INCLUDE (expires_at)
    WHERE deleted_at IS NULL;
-- Rows to purge, by the earlier of deletion and expiry. Rows without either are not in the index.
CREATE INDEX task_gone ON task (workspace_id, least(deleted_at, expires_at))
    WHERE least(deleted_at, expires_at) IS NOT NULL;

-- The fencing token of a mark. A writer draws it while it holds the row lock, so tokens of a task rise in write order.
CREATE SEQUENCE mark_token CACHE 1;
