"""Builds the web page when its sources have changed: `python -m tools.page`; with a word, runs that script of npm."""

import fcntl
import gzip
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.node import NodeError, install, npm, show

WEB = Path(__file__).parents[1] / "web"
SCHEMA = WEB.parent / "schema" / "schema.graphql"
# What is made from the sources, or says how it was made.
_MADE = {"node_modules", ".next", "out", "gql", "next-env.d.ts", "tsconfig.tsbuildinfo"}
_STAMP, _LOG, _LOCK = ".built", "build.log", ".building"
_SMALLEST, _SUFFIXES = 512, {".html", ".js", ".css", ".json", ".svg", ".txt", ".webmanifest"}


def build(web: Path) -> bool:
    """Build the page, unless it is built from these sources; whether there was anything to do. Raises `NodeError`."""
    with alone(web):
        sources, stamp = digest(web), web / _STAMP
        if (web / "out" / "index.html").is_file() and stamp.is_file() and stamp.read_text() == sources:
            return False
        stamp.unlink(missing_ok=True)
        _say("Building the web page …")
        try:
            said = install(web) + npm(web, "run", "build")
        except NodeError as error:
            (web / _LOG).write_text("\n".join(map(str, error.args)))
            raise
        (web / _LOG).write_text(said)
        pack(web / "out")
        stamp.write_text(sources)
        return True


def digest(web: Path) -> str:
    """What the sources are, in a line: those of the page, and the schema that its operations are generated from."""
    found = hashlib.sha256()
    for path in (SCHEMA, *_sources(web)):
        body = path.read_bytes()
        found.update(f"{path.relative_to(web.parent) if path != SCHEMA else path.name}\0{len(body)}\0".encode() + body)
    return found.hexdigest()


def pack(out: Path) -> None:
    """Put beside each file that gets much smaller what a browser is sent of it."""
    for path in out.rglob("*"):
        if path.suffix in _SUFFIXES and path.stat().st_size >= _SMALLEST:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def _sources(web: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(web):
        folders[:] = sorted(set(folders) - _MADE)
        yield from (Path(folder, name) for name in sorted(set(files) - _MADE - {_STAMP, _LOG, _LOCK}))


@contextmanager
def alone(web: Path) -> Iterator[None]:
    """No two builds at once, and none while what it needs is being installed."""
    with (web / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main(words: list[str]) -> int:
    """What the word says: build it if there is none; the exit code."""
    try:
        if not words:
            build(WEB)
            return 0
        with alone(WEB):
            install(WEB)
        return show(WEB, "run", "--silent", *words)
    except NodeError as error:
        if words:
            _say("\n".join(map(str, error.args)))
            return 1
        said = f"the web page is not built: {error.args[0]} ({WEB.name}/{_LOG} says more)"
        before = (WEB / "out" / "index.html").is_file()
        _say(f"warning: {said}. The API works without it{'; / serves the page of an earlier build' if before else ''}.")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
