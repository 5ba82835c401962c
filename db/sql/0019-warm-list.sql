-- The tasks that Redis holds, 16 bytes for each id, the most used ones first, and when they were last noted. A warm start
-- loads them into the next index.
ALTER TABLE gate ADD COLUMN warm_ids bytea, ADD COLUMN warm_ids_at timestamptz;
