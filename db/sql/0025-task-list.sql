-- Lists of tasks. A list is archived, but never deleted, so a task that names one needs no foreign key: it would cost a
-- lookup for each task, and a lock on the row of the list that all writers share.
CREATE TABLE task_list (
    workspace_id text        NOT NULL,
    id           uuid        NOT NULL,
    name         text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT statement_timestamp(),
    updated_at   timestamptz NOT NULL DEFAULT statement_timestamp(),
    -- An archived list keeps its tasks and takes no others.
    archived_at  timestamptz,
    version      integer     NOT NULL DEFAULT 1,
    created_by   text,
    updated_by   text,
    PRIMARY KEY (workspace_id, id),
    CONSTRAINT task_list_workspace_id CHECK (
        octet_length(workspace_id) BETWEEN 1 AND 63
        AND ltrim(workspace_id, 'abcdefghijklmnopqrstuvwxyz0123456789_-') = ''
        AND ltrim(workspace_id, '_-') = workspace_id
    ),
    CONSTRAINT task_list_id CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT task_list_name CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT task_list_updated_at CHECK (updated_at >= created_at),
    CONSTRAINT task_list_version CHECK (version >= 1),
    CONSTRAINT task_list_created_by CHECK (char_length(created_by) BETWEEN 1 AND 300),
    CONSTRAINT task_list_updated_by CHECK (char_length(updated_by) BETWEEN 1 AND 300)
);

-- Adding the column reads and writes no row. A waiting ALTER TABLE keeps all others waiting, so it waits for a moment only.
SET LOCAL lock_timeout = '5s';
ALTER TABLE task ADD COLUMN list_id uuid;
