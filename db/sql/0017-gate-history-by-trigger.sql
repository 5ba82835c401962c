-- Let PostgreSQL record the history of each new index, also if a version that does not know the column builds it. During
-- a rolling upgrade such an index had the history of the one before, or none, and was closed as soon as it was built.
CREATE FUNCTION record_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.history := extract(epoch FROM pg_postmaster_start_time()) || '/' || pg_relation_filenode(to_regclass('task_pkey'));
    RETURN NEW;
END $$;
CREATE TRIGGER gate_history BEFORE UPDATE OF epoch ON gate FOR EACH ROW
    WHEN (NEW.epoch <> OLD.epoch) EXECUTE FUNCTION record_history();
