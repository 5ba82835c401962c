-- The workspaces. Their rows in other tables are not bound by foreign keys, which would cost a lookup for each task.
CREATE TYPE workspace_state AS ENUM ('active', 'suspended', 'deleting');

CREATE TABLE workspace (
    id         text            PRIMARY KEY,
    name       text            NOT NULL,
    state      workspace_state NOT NULL DEFAULT 'active',
    created_at timestamptz     NOT NULL DEFAULT statement_timestamp(),
    CONSTRAINT workspace_id CHECK (id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    CONSTRAINT workspace_name CHECK (char_length(name) BETWEEN 1 AND 200)
);

-- The workspace of callers that are not identified, and of every task from before this migration.
INSERT INTO workspace (id, name) VALUES ('default', 'Default');
