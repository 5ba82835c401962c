"""Builds the image of the Dockerfile without a Docker engine or a registry (`python -m tools.image`).

Buildah builds in a chroot. The two base images of Docker Hub are replaced by a minimal Debian of the same version with
its own Python 3.11, and by the same with Node.js from PyPI. The build needs Debian's packages, PyPI and npm only.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from millitask import __version__

ROOT = Path(__file__).parents[1]
IMAGE = f"localhost/millitask:{__version__}"
DEBIAN = "bookworm"
_PYTHON, _NODE = f"localhost/millitask-python:{DEBIAN}", f"localhost/millitask-node:{DEBIAN}"
_PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
_MIRROR = "http://deb.debian.org/debian"
# Only while it builds, the build trusts the authorities that this machine trusts.
_AUTHORITIES = "/etc/ssl/certs"
_BUNDLE = f"{_AUTHORITIES}/ca-certificates.crt"
_TOOLS = ("buildah", "debootstrap")


class ImageError(Exception):
    """The image cannot be built. The message is for people."""


def check_tools() -> None:
    """Raise `ImageError` if this machine cannot build the image."""
    if missing := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        raise ImageError(f"{' and '.join(missing)} must be installed. On Debian: apt install {' '.join(missing)}")
    if os.geteuid() != 0:
        raise ImageError("debootstrap and the build in a chroot need root. Run the command as root, or use Docker.")


def build() -> str:
    """Build the image and return its name. Base images that exist already are used again. Raises `ImageError`."""
    check_tools()
    if not _exists(_PYTHON):
        _build_python()
    if not _exists(_NODE):
        _build_node()
    arguments = [
        f"--build-arg=PYTHON={_PYTHON}",
        f"--build-arg=NODE={_NODE}",
        f"--volume={_AUTHORITIES}:{_AUTHORITIES}:ro",
    ]
    # Only the format of Docker has health checks. With layers, steps whose files have not changed are not repeated.
    _run(
        "build",
        "--isolation=chroot",
        "--format=docker",
        "--layers",
        "--pull-never",
        *arguments,
        f"--tag={IMAGE}",
        str(ROOT),
    )
    return IMAGE


@contextmanager
def container(image: str) -> Iterator[str]:
    """Yield the name of a container of an image, which is removed afterwards. Raises `ImageError`."""
    name = _run("from", "--pull-never", image, capture=True)
    try:
        yield name
    finally:
        _run("rm", name, capture=True)


def _build_python() -> None:
    """Build an image of Debian with Python, in place of `python:3.11-slim-bookworm`."""
    with tempfile.TemporaryDirectory(prefix="millitask-image-") as folder:
        tree = Path(folder) / "tree"
        command = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", DEBIAN, str(tree), _MIRROR]
        if subprocess.run(command, check=False).returncode:
            raise ImageError("debootstrap failed; its output is above.")
        for cache in ("var/cache/apt", "var/lib/apt/lists", "var/log"):
            shutil.rmtree(tree / cache)
            (tree / cache).mkdir()
        (tree / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        with container("scratch") as name:
            _run("add", "--quiet", name, str(tree), "/")
            _run("config", "--env=LANG=C.UTF-8", '--cmd=["python"]', name)
            _run("commit", "--quiet", name, _PYTHON)


def _build_node() -> None:
    """Build the same with Node.js, in place of `node:24-bookworm-slim`. Only the web page is built in it."""
    with container(_PYTHON) as name:
        lock = "requirements-web.lock"
        _run("copy", "--quiet", name, str(ROOT / lock), f"/{lock}")
        install = ["pip", "install", "--quiet", "--break-system-packages", "--no-cache-dir", "--require-hashes"]
        volume = f"--volume={_AUTHORITIES}:{_AUTHORITIES}:ro"
        _run("run", "--isolation=chroot", volume, name, "--", "python", "-m", *install, "-r", f"/{lock}")
        _run("config", f"--env=NODE_EXTRA_CA_CERTS={_BUNDLE}", name)
        _run("commit", "--quiet", name, _NODE)


def _exists(image: str) -> bool:
    command = ["buildah", "inspect", "--type=image", image]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(command: str, *arguments: str, capture: bool = False) -> str:
    """Run a command of buildah and return its output, if it is captured. Raises `ImageError`."""
    output = subprocess.PIPE if capture else None
    program = [str(shutil.which("buildah")), command, *arguments]
    done = subprocess.run(program, stdout=output, text=True, check=False)
    if done.returncode:
        raise ImageError(f"buildah {command} failed; its output is above.")
    return (done.stdout or "").strip()


def main() -> int:
    """Build the image. Return the exit code."""
    try:
        name = build()
    except ImageError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stderr.write(
        f"Built {name}. To push it: buildah push {name} docker://registry.example.com/millitask:{__version__}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
