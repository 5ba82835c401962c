-- A letter and its accent are searched for as one, however the two are written (é as one character, or as e and an accent),
-- and so are forms that differ in looks alone: full width, ligatures. Writes every row anew.
ALTER TABLE task ALTER COLUMN words SET EXPRESSION AS (
    to_tsvector(
        'simple', translate(normalize(title || ' ' || description, NFKC), '@./_:+~%&=?#|-', '              ')
    )
);
