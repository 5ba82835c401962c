"""The Dockerfile, read: what its last stage copies, sets and runs."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from dockerfile_parse import DockerfileParser

from tests.support.service_process import ROOT

DOCKERFILE = ROOT / "Dockerfile"
SECONDS = re.compile(r"(\d+)(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1, "m": 60}


@dataclass
class Copy:
    """One COPY: from the sources, or from another stage."""

    source: str
    target: str
    stage: str | None


@dataclass
class Image:
    """What the last stage makes."""

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
    """The last stage."""
    image = Image()
    lines = DockerfileParser(path=str(DOCKERFILE), cache_content=True).structure
    last = max(at for at, line in enumerate(lines) if line["instruction"] == "FROM")
    for line in lines[last + 1 :]:
        _take(image, line["instruction"], line["value"])
    return image


def _take(image: Image, instruction: str, value: str) -> None:
    if instruction == "COPY":
        words = value.split()
        stage = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
        image.copies += [Copy(source, words[-1], stage) for source in words[:-1]]
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


def number(text: str) -> float:
    """A duration in seconds, or a plain number."""
    parts = SECONDS.findall(text)
    return sum(int(count) * _UNITS[unit] for count, unit in parts) if parts else float(text)


def copied(image: Image) -> list[Path]:
    """What it takes from the sources."""
    return [ROOT / copy.source for copy in image.copies if copy.stage is None]
