-- Which sorted index in Redis is this database's: one row for each workspace. An epoch is never used twice, not even
-- that of an attempt that failed.

CREATE SEQUENCE gate_epoch CACHE 1;

CREATE TABLE gate (
    workspace_id text   PRIMARY KEY,
    epoch        bigint NOT NULL,
    redis_run_id text   NOT NULL
);

-- The advisory locks, so that their numbers stand in one place: 1 the gate, 2 all bulk creates, 3 one task. Two ids may
-- share a hash; then one waits for the other for a moment, and nothing is wrong.

-- A writer enters: it holds its locks to the end of its transaction, and then learns the epoch. A volatile function
-- takes a snapshot for each statement, which matters: read in one snapshot with the lock, the gate would be the one
-- from before the wait for the lock. No id: a bulk create.
CREATE FUNCTION enter_gate(workspace text, task_id uuid) RETURNS bigint VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1, hashtext(workspace));
    IF task_id IS NULL THEN
        PERFORM pg_advisory_xact_lock_shared(2, hashtext(workspace));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(3, hashtext(workspace || task_id::text));
    END IF;
    RETURN (SELECT epoch FROM gate WHERE workspace_id = workspace);
END $$;

-- A rebuild enters alone: it waits for every writer to leave, and new ones wait for it.
CREATE FUNCTION close_gate(workspace text) RETURNS void VOLATILE LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(1, hashtext(workspace));
$$;

-- Waits until every writer that may have written these tasks before this call has ended. Sorted, so that two that wait
-- for the same tasks do not wait for each other.
CREATE FUNCTION await_writers(workspace text, task_ids uuid[]) RETURNS void VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(2, hashtext(workspace));
    PERFORM pg_advisory_xact_lock(3, key)
    FROM (SELECT DISTINCT hashtext(workspace || id::text) AS key FROM unnest(task_ids) AS id ORDER BY key) AS keys;
END $$;
