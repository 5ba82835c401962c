-- What administrators did, and what they were refused. A row is written in the transaction of its action.
CREATE TABLE audit_log (
    -- A UUIDv7, so the order of the ids is the order in time.
    id           uuid        PRIMARY KEY,
    workspace_id text        NOT NULL,
    at           timestamptz NOT NULL DEFAULT statement_timestamp(),
    actor        text        NOT NULL,
    action       text        NOT NULL,
    -- What the action was done to, such as the id of a token, and further details.
    target       text        NOT NULL,
    details      jsonb       NOT NULL DEFAULT '{}',
    -- Where the request came from. NULL for the command line.
    address      text,
    request_id   text,
    CONSTRAINT audit_log_action CHECK (action ~ '^[a-z_]+\.[a-z_]+$')
);
CREATE INDEX audit_log_workspace ON audit_log (workspace_id, id);
CREATE INDEX audit_log_at ON audit_log (at);
