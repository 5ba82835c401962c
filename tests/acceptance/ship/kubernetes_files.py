"""Reads the files below deploy/kubernetes, as they are or as Kustomize renders them."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.service_process import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("development", "production")
KUSTOMIZATIONS = ("base", *OVERLAYS)
Document = dict[str, Any]


def documents(text: str) -> list[Document]:
    """Return the documents of a YAML text."""
    return [document for document in YAML(typ="safe").load_all(text) if document]


def sources(name: str) -> list[Document]:
    """Return the resources that a kustomization lists, also of the kustomizations that it lists, without patches."""
    return list(_sources(FOLDER / name))


def settings(name: str) -> dict[str, str]:
    """Return the settings of the ConfigMap that a kustomization makes, with those of the base."""
    base = {} if name == "base" else settings("base")
    for generator in _kustomization(FOLDER / name).get("configMapGenerator", []):
        lines = list(generator.get("literals", []))
        for file in generator.get("envs", []):
            lines += (FOLDER / name / file).read_text().splitlines()
        base |= dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return base


def can_render() -> bool:
    """Return whether kubectl, which contains Kustomize, is installed."""
    return shutil.which("kubectl") is not None


def rendered(name: str) -> list[Document]:
    """Return the documents that `kubectl kustomize` makes."""
    done = subprocess.run(
        ["kubectl", "kustomize", str(FOLDER / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return documents(done.stdout)


def one(found: list[Document], kind: str, name: str | None = None) -> Document:
    """Return the only document of a kind, or the one with a name."""
    [document] = [each for each in found if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    return document


def pod(document: Document) -> Document:
    """Return the specification of the pods of a Deployment or a Job."""
    specification: Document = document["spec"]["template"]["spec"]
    return specification


def _kustomization(folder: Path) -> Document:
    [document] = documents((folder / "kustomization.yaml").read_text())
    return document


def _sources(folder: Path) -> Iterator[Document]:
    for name in _kustomization(folder)["resources"]:
        path = (folder / name).resolve()
        yield from _sources(path) if path.is_dir() else documents(path.read_text())
