-- The history of the database in which the index was built: when the server started, and the storage of the tasks. Each
-- index is believed in its own history only, see db/history.py. Indexes in use at this migration belong to the current one.
ALTER TABLE gate ADD COLUMN history text;
UPDATE gate SET history = extract(epoch FROM pg_postmaster_start_time()) || '/' || pg_relation_filenode('task_pkey');
