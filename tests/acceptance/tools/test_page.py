"""The page is built when its sources have changed, and only then; by the real npm, of a page with nothing in it."""

import gzip
import json
import os
from pathlib import Path

import pytest

from tools import node, page

# Makes a page of the first line of its source, and counts how often.
BUILD = (
    "mkdir -p out && head -n 1 source.txt > out/index.html && printf '%2000s' x > out/a.js && echo x >> out/count.txt"
)


@pytest.fixture
def web(tmp_path: Path) -> Path:
    web = tmp_path / "web"
    web.mkdir()
    package = {"name": "page", "version": "1.0.0", "private": True}
    (web / "package.json").write_text(json.dumps(package | {"scripts": {"build": BUILD}}))
    lock = package | {"lockfileVersion": 3, "requires": True, "packages": {"": package}}
    (web / "package-lock.json").write_text(json.dumps(lock))
    (web / "source.txt").write_text("One\n")
    return web


def built(web: Path) -> int:
    return len((web / "out/count.txt").read_text().splitlines())


def test_it_is_built_when_its_sources_have_changed(web: Path) -> None:
    assert page.build(web)
    assert not page.build(web)
    assert (built(web), (web / "out/index.html").read_text()) == (1, "One\n")
    (web / "source.txt").write_text("Two\n")
    assert page.build(web)
    assert not page.build(web)
    assert (built(web), (web / "out/index.html").read_text()) == (2, "Two\n")


def test_it_is_built_when_it_is_gone(web: Path) -> None:
    page.build(web)
    (web / "out/index.html").unlink()
    assert page.build(web)


def test_a_source_that_moved_is_a_change(web: Path) -> None:
    page.build(web)
    (web / "other.txt").write_text("")
    before = page.digest(web)
    (web / "other.txt").rename(web / "another.txt")
    assert page.digest(web) != before


def test_what_was_built_is_compressed(web: Path) -> None:
    page.build(web)
    packed = web / "out/a.js.gz"
    assert gzip.decompress(packed.read_bytes()) == (web / "out/a.js").read_bytes()
    assert packed.stat().st_size < 200
    assert not (web / "out/index.html.gz").exists()  # too small to gain by it


def test_a_build_that_fails_says_why_in_its_log_and_is_tried_again(
    web: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = json.loads((web / "package.json").read_text())
    (web / "package.json").write_text(json.dumps(package | {"scripts": {"build": "echo no such colour && exit 1"}}))
    monkeypatch.setattr(page, "WEB", web)
    for _ in range(2):
        assert page.main([]) == 1
        *_, line = capsys.readouterr().err.splitlines()
        assert line.startswith("warning: the web page is not built: npm run build failed")
        assert "The API works without it" in line
        assert "no such colour" in (web / "build.log").read_text()


def test_a_node_that_is_too_old_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, version in (("node", "v20.20.2"), ("npm", "11.0.0")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert node.programs() != tmp_path
    (tmp_path / "node").write_text("#!/bin/sh\necho v22.1.0\n")
    assert node.programs() == tmp_path
