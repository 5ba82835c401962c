-- The API tokens. A token itself is stored nowhere, only its SHA-256: with 256 random bits it cannot be guessed.
CREATE TABLE api_token (
    id                uuid        PRIMARY KEY,
    workspace_id      text        NOT NULL REFERENCES workspace (id),
    name              text        NOT NULL,
    hash              bytea       NOT NULL UNIQUE,
    scopes            text[]      NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT statement_timestamp(),
    -- The actor who created it, as in the audit log.
    created_by        text        NOT NULL,
    expires_at        timestamptz,
    -- At least a minute apart, so that a busy token does not cause a write for each request.
    last_used_at      timestamptz,
    revoked_at        timestamptz,
    -- The rate limit of the token. NULL for the limit of the service.
    points_per_minute integer,
    -- When a process must read the row again. Each process asks every second for what has changed.
    changed_at        timestamptz NOT NULL DEFAULT statement_timestamp(),
    CONSTRAINT api_token_name CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT api_token_hash CHECK (octet_length(hash) = 32),
    CONSTRAINT api_token_scopes CHECK (cardinality(scopes) > 0 AND scopes <@ '{tasks:read,tasks:write,admin}'),
    CONSTRAINT api_token_points CHECK (points_per_minute > 0)
);
CREATE INDEX api_token_workspace ON api_token (workspace_id, id);
CREATE INDEX api_token_changed ON api_token (changed_at);

ALTER TABLE workspace
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    -- When its last task was removed. The row stays: an id is not used twice, so no late write, cursor or cached page
    -- can reach a later workspace of the same id.
    ADD COLUMN deleted_at timestamptz;
CREATE INDEX workspace_changed ON workspace (changed_at);

-- B1, as before, but never for a workspace that is being deleted: a process that still has it open must not build its
-- index again.
CREATE OR REPLACE FUNCTION begin_building(workspace text) RETURNS SETOF gate VOLATILE ROWS 1 LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1, hashtext(workspace));
    IF EXISTS (SELECT FROM workspace AS other WHERE other.id = begin_building.workspace AND other.state = 'deleting') THEN
        RETURN;
    END IF;
    INSERT INTO gate (workspace_id, state, epoch, redis_run_id) VALUES (workspace, 'off', 0, '')
        ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT * FROM gate WHERE workspace_id = workspace AND state IN ('off', 'building');
END $$;
