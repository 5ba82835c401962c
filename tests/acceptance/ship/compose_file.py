"""Reads compose.yaml and replaces its variables."""

import os
import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from tests.acceptance.ship.dockerfile import seconds
from tests.support.service_process import ROOT

COMPOSE = ROOT / "compose.yaml"
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::-([^}]*))?\}")


def read(variables: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the content of compose.yaml with its variables replaced."""
    document: dict[str, Any] = _replace_variables(YAML(typ="safe").load(COMPOSE), variables)
    return document


def services(variables: Mapping[str, str] = os.environ) -> dict[str, dict[str, Any]]:
    """Return the services by name."""
    found: dict[str, dict[str, Any]] = read(variables)["services"]
    return found


def mounts(service: Mapping[str, Any]) -> dict[str, str | None]:
    """Return each mounted folder of a service with the name of its volume, or with None for a tmpfs."""
    volumes = dict(reversed(text.split(":")[:2]) for text in service.get("volumes", ()))
    return volumes | {text.partition(":")[0]: None for text in service.get("tmpfs", ())}


def health(service: Mapping[str, Any]) -> tuple[list[str], float, float]:
    """Return the health check's command, its timeout, and the seconds in which the service must become healthy."""
    check = service["healthcheck"]
    kind, *arguments = check["test"]
    command = ["sh", "-c", *arguments] if kind == "CMD-SHELL" else arguments
    start_seconds = seconds(check["start_period"]) + int(check["retries"]) * seconds(check["interval"])
    return command, seconds(check["timeout"]), start_seconds


def _replace_variables(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {name: _replace_variables(value, variables) for name, value in node.items()}
    if isinstance(node, list):
        return [_replace_variables(value, variables) for value in node]
    return _VARIABLE.sub(lambda found: _value(found, variables), node) if isinstance(node, str) else node


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    return "$" if found[0] == "$$" else variables.get(found[1]) or found[2]
