-- The gate: whether the Redis index may be used, and its epoch. One row for each workspace; no row means `off`. An
-- epoch is never used twice, not even after a failed attempt.

CREATE SEQUENCE gate_epoch CACHE 1;
CREATE TYPE gate_state AS ENUM ('on', 'closing', 'off', 'building');

CREATE TABLE gate (
    workspace_id text        PRIMARY KEY,
    state        gate_state  NOT NULL,
    epoch        bigint      NOT NULL,
    redis_run_id text        NOT NULL,
    -- When the build of this epoch began or the gate was closed, and the number of recent closings (see CLOSE_GATE).
    since        timestamptz NOT NULL DEFAULT clock_timestamp(),
    closings     integer     NOT NULL DEFAULT 0
);

-- The keys of the advisory locks: 1 the gate, 2 bulk creates, 3 a task, 4 the rebuild. If two ids have the same hash,
-- their writers may wait for each other briefly. That is harmless.

-- W1. Take a writer's locks, which last until its transaction ends, and then read the gate. NULL means a bulk create.
-- The function is VOLATILE because it then takes a new snapshot for each statement. A single snapshot would return the
-- gate from before the wait for the lock.
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

-- B1. Take the gate's lock exclusively: wait for every writer to end, and make new writers wait. Return the gate if it
-- is `off` or `building` (a builder that ended early leaves `building`), otherwise no row.
CREATE FUNCTION begin_building(workspace text) RETURNS SETOF gate VOLATILE ROWS 1 LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1, hashtext(workspace));
    INSERT INTO gate (workspace_id, state, epoch, redis_run_id) VALUES (workspace, 'off', 0, '')
        ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT * FROM gate WHERE workspace_id = workspace AND state IN ('off', 'building');
END $$;

-- S3. Wait until every writer that may have written these tasks before this call has ended. The locks are taken in a
-- fixed order, so that two calls with common tasks cannot deadlock.
CREATE FUNCTION await_writers(workspace text, task_ids uuid[]) RETURNS void VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(2, hashtext(workspace));
    PERFORM pg_advisory_xact_lock(3, key)
    FROM (SELECT DISTINCT hashtext(workspace || id::text) AS key FROM unnest(task_ids) AS id ORDER BY key) AS keys;
END $$;
