"""Tests that the web page is built only if its sources have changed, with the real npm and a minimal page."""

import gzip
import json
import os
from pathlib import Path

import pytest

from tools import node, page

# Stands in for the build: writes a page from the first line of the source, and counts the builds.
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


def build_count(web: Path) -> int:
    return len((web / "out/count.txt").read_text().splitlines())


def test_page_is_built_if_its_sources_have_changed(web: Path) -> None:
    assert page.build(web)
    assert not page.build(web)
    assert (build_count(web), (web / "out/index.html").read_text()) == (1, "One\n")
    (web / "source.txt").write_text("Two\n")
    assert page.build(web)
    assert not page.build(web)
    assert (build_count(web), (web / "out/index.html").read_text()) == (2, "Two\n")


def test_page_is_built_if_it_is_missing(web: Path) -> None:
    page.build(web)
    (web / "out/index.html").unlink()
    assert page.build(web)


def test_moved_source_is_a_change(web: Path) -> None:
    page.build(web)
    (web / "other.txt").write_text("")
    before = page.digest(web)
    (web / "other.txt").rename(web / "another.txt")
    assert page.digest(web) != before


def test_built_files_are_compressed(web: Path) -> None:
    page.build(web)
    packed = web / "out/a.js.gz"
    assert gzip.decompress(packed.read_bytes()) == (web / "out/a.js").read_bytes()
    assert packed.stat().st_size < 200
    assert not (web / "out/index.html.gz").exists()  # too small to compress


def test_failed_build_is_logged_and_repeated(
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


def test_old_node_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, version in (("node", "v20.20.2"), ("npm", "11.0.0")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert node.programs() != tmp_path
    (tmp_path / "node").write_text("#!/bin/sh\necho v22.1.0\n")
    assert node.programs() == tmp_path
