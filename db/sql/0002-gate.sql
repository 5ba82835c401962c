-- The gate: whether Redis may be used, and which sorted index there is this database's. One row for each workspace; no
-- row is the same as `off`. An epoch is never used twice, not even that of an attempt that failed.

CREATE SEQUENCE gate_epoch CACHE 1;
CREATE TYPE gate_state AS ENUM ('on', 'closing', 'off', 'building');

CREATE TABLE gate (
    workspace_id text        PRIMARY KEY,
    state        gate_state  NOT NULL,
    epoch        bigint      NOT NULL,
    redis_run_id text        NOT NULL,
    -- When this epoch began to be built, or when it was closed; and how often lately one was closed.
    since        timestamptz NOT NULL DEFAULT clock_timestamp(),
    closings     integer     NOT NULL DEFAULT 0
);

-- The advisory locks, so that their numbers stand in one place: 1 the gate, 2 all bulk creates, 3 one task, 4 who rebuilds,
-- 5 who purges. Two ids may share a hash; then one waits for the other for a moment, and nothing is wrong.

-- W1. A writer enters: it holds its locks to the end of its transaction, and then learns the gate. A volatile function
-- takes a snapshot for each statement, which matters: read in one snapshot with the lock, the gate would be the one
-- from before the wait for the lock. No id: a bulk create.
CREATE FUNCTION enter_gate(workspace text, task_id uuid) RETURNS SETOF gate VOLATILE ROWS 1 LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1, hashtext(workspace));
    IF task_id IS NULL THEN
        PERFORM pg_advisory_xact_lock_shared(2, hashtext(workspace));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(3, hashtext(workspace || task_id::text));
    END IF;
    RETURN QUERY SELECT * FROM gate WHERE workspace_id = workspace;
END $$;

-- B1. A rebuild enters alone: it waits for every writer to leave, and new ones wait for it. Only from `off`, or from a
-- `building` whose builder has ended; else nothing is returned.
CREATE FUNCTION begin_building(workspace text) RETURNS SETOF gate VOLATILE ROWS 1 LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1, hashtext(workspace));
    INSERT INTO gate (workspace_id, state, epoch, redis_run_id) VALUES (workspace, 'off', 0, '')
        ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT * FROM gate WHERE workspace_id = workspace AND state IN ('off', 'building');
END $$;

-- S3. Waits until every writer that may have written these tasks before this call has ended. Sorted, so that two that
-- wait for the same tasks do not wait for each other.
CREATE FUNCTION await_writers(workspace text, task_ids uuid[]) RETURNS void VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(2, hashtext(workspace));
    PERFORM pg_advisory_xact_lock(3, key)
    FROM (SELECT DISTINCT hashtext(workspace || id::text) AS key FROM unnest(task_ids) AS id ORDER BY key) AS keys;
END $$;
