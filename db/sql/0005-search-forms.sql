-- Normalize the searched text (NFKC): é as one character equals e with a combining accent, and full-width letters and
-- ligatures equal the plain ones. This rewrites every row.
ALTER TABLE task ALTER COLUMN words SET EXPRESSION AS (
    to_tsvector(
        'simple', translate(normalize(title || ' ' || description, NFKC), '@./_:+~%&=?#|-', '              ')
    )
);
