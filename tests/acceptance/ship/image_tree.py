"""Builds the file tree of the image without Docker, from the COPY instructions and the locked packages."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.acceptance.ship.dockerfile import Copy, Image
from tests.support.service_process import ROOT


def build_tree(image: Image, tree: Path, page: Path) -> None:
    """Build the tree. `page` is the folder of the built web page."""
    workdir = tree / image.workdir.lstrip("/")
    workdir.mkdir(parents=True)
    for copy in image.copies:
        _copy(copy, tree, workdir, page)
    for run in image.runs:
        if run.startswith("python -m compileall"):
            subprocess.run(["sh", "-ec", run], cwd=workdir, env={"PATH": path(image, tree)}, check=True)


def path(image: Image, tree: Path) -> str:
    """Return the PATH of the image, with each folder moved into the tree."""
    return image.environment["PATH"].replace("/venv", f"{tree}/venv").replace("$PATH", "/usr/bin:/bin")


def files(tree: Path) -> dict[str, float]:
    """Return every file with its modification time."""
    return {str(file.relative_to(tree)): file.lstat().st_mtime for file in tree.rglob("*")}


def _copy(copy: Copy, tree: Path, workdir: Path, page: Path) -> None:
    target = tree / copy.target.lstrip("/") if copy.target.startswith("/") else workdir / copy.target
    if copy.stage is None:
        shutil.copytree(ROOT / copy.source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    elif copy.source == "/venv/":
        _venv(target)
    else:
        assert copy.source == "/src/web/out/"
        shutil.copytree(page, target)


def _venv(target: Path) -> None:
    """Create a virtual environment that links to the installed packages, limited to those in the image's lock file."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(target)], check=True)
    [packages] = target.glob("lib/python*/site-packages")
    for line in re.findall(r"^([a-z0-9._-]+==.+?) ?\\?$", (ROOT / "requirements-image.lock").read_text(), re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            _link(requirement, packages)


def _link(requirement: Requirement, packages: Path) -> None:
    try:
        found = distribution(requirement.name)
    except PackageNotFoundError:
        raise AssertionError(f"{requirement} is locked but not installed; run make .venv/dev.stamp") from None
    assert found.version in requirement.specifier
    for first in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
        link = packages / first
        if not link.exists():
            link.symlink_to(Path(str(found.locate_file(first))).resolve())
