"""Two hosts on this machine: network namespaces with a link between them, on which a test can drop all packets."""

import ctypes
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from tests.support.service_process import until

_PROGRAMS = ("ip", "iptables", "nsenter", "unshare")
_CLONE_NEWNET = 0x40000000
_OWN = Path("/proc/thread-self/ns/net")


class Host:
    """A network namespace. It lasts as long as a process in it, which ends with this one."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._holder = subprocess.Popen(["unshare", "-n", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        own = _OWN.readlink()
        self._namespace = Path(f"/proc/{self._holder.pid}/ns/net")
        assert until(lambda: self._namespace.readlink() != own)
        self.run("ip", "link", "set", "lo", "up")

    @property
    def pid(self) -> int:
        """The id of a process in the namespace."""
        return self._holder.pid

    @property
    def prefix(self) -> tuple[str, ...]:
        """What to write before a command that shall run on this host."""
        return ("nsenter", "-t", str(self.pid), "-n")

    def run(self, *command: str) -> None:
        """Run a command on this host."""
        subprocess.run([*self.prefix, *command], check=True, capture_output=True)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread create sockets of the host. Other threads stay where they are."""
        with _OWN.open() as own, self._namespace.open() as other:
            _set_namespace(other.fileno())
            try:
                yield
            finally:
                _set_namespace(own.fileno())

    def connect(self, other: "Host") -> None:
        """Put a link between this host and another one."""
        self.run("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", str(other.pid))
        for host in (self, other):
            host.run("ip", "address", "add", f"{host.address}/24", "dev", "veth0")
            host.run("ip", "link", "set", "veth0", "up")

    def drop(self, *matches: str) -> None:
        """Drop all packets that come from another host, or those that match options of iptables."""
        self.run("iptables", "-A", "INPUT", "-i", "veth0", *matches, "-j", "DROP")

    def heal(self) -> None:
        """Drop nothing any more."""
        self.run("iptables", "-F", "INPUT")

    def stop(self) -> None:
        """End the namespace, and the link with it."""
        self._holder.communicate()


class Network:
    """Two hosts with a link between them."""

    def __init__(self) -> None:
        self.hosts = Host("10.77.0.1"), Host("10.77.0.2")
        self.hosts[0].connect(self.hosts[1])

    def partition(self) -> None:
        """Drop all packets between the hosts. No end of a connection is told."""
        for host in self.hosts:
            host.drop()

    def heal(self) -> None:
        """Drop nothing any more."""
        for host in self.hosts:
            host.heal()

    def stop(self) -> None:
        """End both hosts."""
        for host in self.hosts:
            host.stop()


@lru_cache(1)
def obstacle() -> str:
    """Return why this machine cannot have network namespaces, or ""."""
    if missing := [name for name in _PROGRAMS if shutil.which(name) is None]:
        return f"network namespaces need {', '.join(missing)}"
    try:
        network = Network()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"network namespaces are not allowed here: {error}"
    try:
        network.partition()
    except subprocess.CalledProcessError as error:
        return f"iptables does not work in a network namespace here: {error}"
    finally:
        network.stop()
    return ""


def _set_namespace(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
