"""Runs squawk, which finds statements of migrations that keep others from reading or writing, over every migration."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from db.migrations import FOLDER

ROOT = Path(__file__).parents[3]
SQUAWK = shutil.which("squawk", path=Path(sys.executable).parent)
WITHOUT_TRANSACTION = "-- transactional: false"
# Released migrations are never changed. Until 0019 none had a lock timeout.
NO_LOCK_TIMEOUT = {(f"{number:04}", "require-lock-timeout") for number in range(1, 20)}
# What else squawk finds, and why the migration may do it. All of these but the last were released.
EXCUSED = {
    ("0003", "require-concurrent-index-creation"): "released: 0.1.0 was the first version",
    ("0004", "require-concurrent-index-creation"): "released: 0.1.0 was the first version",
    ("0004", "adding-field-with-default"): "released: 0.1.0 was the first version",
    ("0006", "ban-drop-constraint"): "replaced by another one with the same meaning, in the same transaction",
    ("0008", "require-concurrent-index-creation"): "the index is on rows without words, which are few",
    ("0008", "ban-drop-generated-expression"): "the service computes the words since this version",
    ("0008", "ban-drop-not-null"): "a version that does not know the words leaves them out",
    ("0009", "prefer-robust-stmts"): "drops what an interrupted attempt has left first",
    ("0011", "require-concurrent-index-creation"): "the table of workspaces is small",
    ("0015", "require-concurrent-index-creation"): "the table of gates is small",
    ("0015", "adding-field-with-default"): "the table of gates is small",
    ("0024", "prefer-robust-stmts"): "drops what an interrupted attempt has left first",
    ("0024", "require-lock-timeout"): "its locks let others read and write",
    ("0026", "prefer-robust-stmts"): "drops what an interrupted attempt has left first",
    ("0026", "require-lock-timeout"): "its locks let others read and write",
}


def findings(path: Path) -> set[tuple[str, str]]:
    """Return the number of a migration with each rule that it breaks."""
    assert SQUAWK is not None
    transactional = not path.read_text(encoding="utf-8").startswith(WITHOUT_TRANSACTION)
    option = "--assume-in-transaction" if transactional else "--no-assume-in-transaction"
    done = subprocess.run(
        [SQUAWK, "--config", str(ROOT / ".squawk.toml"), option, "--reporter", "json", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return {(path.name[:4], found["rule_name"]) for found in json.loads(done.stdout)}


@pytest.mark.skipif(SQUAWK is None, reason="squawk is not installed: requirements-dev.lock has changed")
def test_migrations_block_no_reader_and_no_writer() -> None:
    found = {finding for path in FOLDER.glob("*.sql") for finding in findings(path)}
    assert found == NO_LOCK_TIMEOUT | EXCUSED.keys()


@pytest.mark.skipif(SQUAWK is None, reason="squawk is not installed: requirements-dev.lock has changed")
@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("CREATE INDEX a ON task (title);", "require-concurrent-index-creation"),
        ("ALTER TABLE task ADD CONSTRAINT a CHECK (title <> '');", "constraint-missing-not-valid"),
        ("ALTER TABLE task ADD COLUMN a text NOT NULL DEFAULT clock_timestamp()::text;", "adding-field-with-default"),
        ("ALTER TABLE task ADD COLUMN a text;", "require-lock-timeout"),
        ("ALTER TABLE task DROP COLUMN title;", "ban-drop-column"),
    ],
)
def test_statement_that_blocks_others_is_found(tmp_path: Path, sql: str, rule: str) -> None:
    migration = tmp_path / "9999-test.sql"
    migration.write_text(sql)
    assert ("9999", rule) in findings(migration)
