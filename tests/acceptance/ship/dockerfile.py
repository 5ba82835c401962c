"""Reads the last stage of the Dockerfile: what it copies, sets and runs."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from dockerfile_parse import DockerfileParser

from tests.support.service_process import ROOT

DOCKERFILE = ROOT / "Dockerfile"
_DURATION = re.compile(r"(\d+)(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1, "m": 60}


@dataclass
class Copy:
    """One COPY instruction, from the build context or from another stage."""

    source: str
    target: str
    stage: str | None


@dataclass
class Image:
    """What the last stage copies, sets and runs."""

    copies: list[Copy] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    workdir: str = "/"
    user: str = "root"
    stop_signal: str = "SIGTERM"
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


def read() -> Image:
    """Return the parsed last stage of the Dockerfile."""
    image = Image()
    lines = DockerfileParser(path=str(DOCKERFILE), cache_content=True).structure
    last = max(at for at, line in enumerate(lines) if line["instruction"] == "FROM")
    for line in lines[last + 1 :]:
        _apply(image, line["instruction"], line["value"])
    return image


def _apply(image: Image, instruction: str, value: str) -> None:
    if instruction == "COPY":
        paths = value.split()
        stage = paths.pop(0).removeprefix("--from=") if paths[0].startswith("--from=") else None
        image.copies += [Copy(source, paths[-1], stage) for source in paths[:-1]]
    elif instruction == "ENV":
        image.environment |= dict(word.split("=", 1) for word in shlex.split(value))
    elif instruction == "RUN":
        image.runs.append(value)
    elif instruction == "HEALTHCHECK":
        options, _, command = value.partition(" CMD ")
        image.healthcheck = json.loads(command)
        image.options = {name.replace("-", "_"): text for name, text in re.findall(r"--([a-z-]+)=(\w+)", options)}
    elif instruction == "CMD":
        image.command = json.loads(value)
    elif instruction in ("WORKDIR", "USER", "STOPSIGNAL"):
        setattr(image, {"STOPSIGNAL": "stop_signal"}.get(instruction, instruction.lower()), value)


def seconds(text: str) -> float:
    """Return a duration in seconds. Accepts 1m30s, 500ms or a plain number."""
    parts = _DURATION.findall(text)
    return sum(int(count) * _UNITS[unit] for count, unit in parts) if parts else float(text)


def copied(image: Image) -> list[Path]:
    """Return the folders that the image copies from the build context."""
    return [ROOT / copy.source for copy in image.copies if copy.stage is None]
