"""compose.yaml, read: its services, with the variables put in."""

import os
import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from tests.acceptance.ship.image import number
from tests.support.service_process import ROOT

COMPOSE = ROOT / "compose.yaml"
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::-([^}]*))?\}")


def read(variables: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The whole file."""
    document: dict[str, Any] = _filled(YAML(typ="safe").load(COMPOSE), variables)
    return document


def services(variables: Mapping[str, str] = os.environ) -> dict[str, dict[str, Any]]:
    """Its services by name."""
    found: dict[str, dict[str, Any]] = read(variables)["services"]
    return found


def mounts(service: Mapping[str, Any]) -> dict[str, str | None]:
    """Each folder in the container that is not the image's: the volume's name, or None for one in memory."""
    volumes = dict(reversed(text.split(":")[:2]) for text in service.get("volumes", ()))
    return volumes | {text.partition(":")[0]: None for text in service.get("tmpfs", ())}


def health(service: Mapping[str, Any]) -> tuple[list[str], float, float]:
    """The command of the health check, the longest that it may take, and the longest until it must have passed."""
    check = service["healthcheck"]
    kind, *words = check["test"]
    command = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
    patience = number(check["start_period"]) + int(check["retries"]) * number(check["interval"])
    return command, number(check["timeout"]), patience


def _filled(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {name: _filled(value, variables) for name, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, variables) for value in node]
    return _VARIABLE.sub(lambda found: _value(found, variables), node) if isinstance(node, str) else node


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    return "$" if found[0] == "$$" else variables.get(found[1]) or found[2]
