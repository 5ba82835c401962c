"""Builds the web page if its sources have changed (`python -m tools.page`), or runs an npm script of the web folder."""

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
# The hash ignores generated files and unit tests, because the built page does not depend on them.
_GENERATED = {"node_modules", ".next", "out", "gql", "catalog", "next-env.d.ts", "tsconfig.tsbuildinfo"}
_IGNORED = {"tests", "vitest.config.ts"} | _GENERATED
_STAMP, _LOG, _LOCK = ".built", "build.log", ".building"
_MIN_COMPRESSED_BYTES, _COMPRESSED_SUFFIXES = 512, {".html", ".js", ".css", ".json", ".svg", ".txt", ".webmanifest"}


def build(web: Path) -> bool:
    """Build the web page unless its sources are unchanged. Return whether a build ran. Raises NodeError."""
    with build_lock(web):
        sources, stamp = digest(web), web / _STAMP
        if (web / "out" / "index.html").is_file() and stamp.is_file() and stamp.read_text() == sources:
            return False
        stamp.unlink(missing_ok=True)
        _say("Building the web page …")
        try:
            output = install(web) + npm(web, "run", "build")
        except NodeError as error:
            (web / _LOG).write_text("\n".join(map(str, error.args)))
            raise
        (web / _LOG).write_text(output)
        pack(web / "out")
        stamp.write_text(sources)
        return True


def digest(web: Path) -> str:
    """Return a hash of the page's sources and of the GraphQL schema, from which the build generates types."""
    hashed = hashlib.sha256()
    for path in (SCHEMA, *_sources(web)):
        body = path.read_bytes()
        hashed.update(f"{path.relative_to(web.parent) if path != SCHEMA else path.name}\0{len(body)}\0".encode() + body)
    return hashed.hexdigest()


def pack(out: Path) -> None:
    """Write a gzip file next to each compressible file, for the static site to serve."""
    for path in out.rglob("*"):
        if path.suffix in _COMPRESSED_SUFFIXES and path.stat().st_size >= _MIN_COMPRESSED_BYTES:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def _sources(web: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(web):
        folders[:] = sorted(set(folders) - _IGNORED)
        yield from (Path(folder, name) for name in sorted(set(files) - _IGNORED - {_STAMP, _LOG, _LOCK}))


@contextmanager
def build_lock(web: Path) -> Iterator[None]:
    """Hold a lock that prevents concurrent builds and installs."""
    with (web / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main(arguments: list[str]) -> int:
    """Build the page, or run the npm script that the arguments name. Return the exit code."""
    try:
        if not arguments:
            build(WEB)
            return 0
        with build_lock(WEB):
            install(WEB)
        return show(WEB, "run", "--silent", *arguments)
    except NodeError as error:
        if arguments:
            _say("\n".join(map(str, error.args)))
            return 1
        reason = f"the web page is not built: {error.args[0]} (details: {WEB.name}/{_LOG})"
        earlier = "; / serves the page of an earlier build" if (WEB / "out" / "index.html").is_file() else ""
        _say(f"warning: {reason}. The API works without it{earlier}.")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
