-- What was requested, by workspace and by minute, hour and day. Each process adds what it has counted.
CREATE TYPE usage_resolution AS ENUM ('minute', 'hour', 'day');

CREATE TABLE usage_count (
    workspace_id text             NOT NULL,
    resolution   usage_resolution NOT NULL,
    -- What is counted, such as `task` or `operation`, and which one. db/usage.py lists the kinds and their keys.
    kind         text             NOT NULL,
    starts_at    timestamptz      NOT NULL,
    key          text             NOT NULL,
    -- The number of requests. For a gauge: its largest value.
    requests     bigint           NOT NULL DEFAULT 0,
    points       bigint           NOT NULL DEFAULT 0,
    errors       bigint           NOT NULL DEFAULT 0,
    seconds      double precision NOT NULL DEFAULT 0,
    -- A histogram of durations. NULL for what has none.
    durations    bigint[],
    PRIMARY KEY (workspace_id, resolution, kind, starts_at, key)
) WITH (fillfactor = 80);
CREATE INDEX usage_count_age ON usage_count (resolution, starts_at);

-- The history of the gate of each workspace: one row for each change of its state.
CREATE TABLE gate_event (
    workspace_id text        NOT NULL,
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    epoch        bigint      NOT NULL,
    state        gate_state  NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX gate_event_age ON gate_event (at);

-- With the rights of the owner: the user of a version that does not know the table has none on it.
CREATE FUNCTION record_gate_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO gate_event (workspace_id, epoch, state) VALUES (NEW.workspace_id, NEW.epoch, NEW.state);
    RETURN NULL;
END $$;
CREATE TRIGGER gate_event AFTER UPDATE ON gate FOR EACH ROW
    WHEN (NEW.state <> OLD.state OR NEW.epoch <> OLD.epoch) EXECUTE FUNCTION record_gate_event();
