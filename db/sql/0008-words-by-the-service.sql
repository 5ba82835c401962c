-- The service computes the words of a task (db/words.py) and writes them with their version. PostgreSQL's parser hid
-- words in tags and URLs, depended on the locale, and took more time than everything else of a create.
-- Existing words stay until the service has computed them again. No row is rewritten here.
ALTER TABLE task ALTER COLUMN words DROP EXPRESSION;
ALTER TABLE task ALTER COLUMN words DROP NOT NULL;
ALTER TABLE task ADD COLUMN words_version smallint;

-- Rows whose words the service must compute: those from before this migration, and those of other writers.
CREATE INDEX task_words_due ON task (workspace_id, id) WHERE words_version IS DISTINCT FROM 1;

-- A writer that changes the text but not the words does not know of them, such as a worker of the version before.
CREATE FUNCTION words_are_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.words_version := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER task_words_due BEFORE UPDATE OF title, description ON task FOR EACH ROW
    WHEN ((NEW.title, NEW.description) IS DISTINCT FROM (OLD.title, OLD.description)
          AND NEW.words IS NOT DISTINCT FROM OLD.words)
    EXECUTE FUNCTION words_are_due();
