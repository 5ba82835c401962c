"""The listening sockets of the workers."""

import errno
import os
import socket
import sys

from api.config.settings import Settings

_BACKLOG = 2048
# The size of a socket's receive buffer. Linux doubles the size for its own bookkeeping. It bounds what one turn
# of the event loop reads from one connection, so that many large requests at once do not hold the loop. A client that
# is 100 ms away can send about 640 KB/s.
_RECEIVE_BUFFER_BYTES = 64 * 1024


class ServeError(Exception):
    """The service cannot start. The message is one line for people."""


def open_listeners(settings: Settings) -> list[socket.socket]:
    """Return one listening socket for each worker. Raises `ServeError`."""
    host, port = settings.host, settings.port
    try:
        listeners = _listen(host, port, settings.workers)
        for listener in listeners:  # accepted connections inherit the size
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        return listeners
    except socket.gaierror:
        raise ServeError(f"MILLITASK_HOST={host} is not an address of this machine. Use one that is.") from None
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise ServeError(f"cannot listen on {host} port {port}: {reason}. {_advice(error.errno)}") from None


def _listen(host: str, port: int, workers: int) -> list[socket.socket]:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    exclusive = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    if workers == 1:
        return [exclusive]
    if sys.platform != "linux":
        return [exclusive.dup() for _ in range(workers)]
    # With one shared socket, an idle worker accepts all new connections. Linux distributes connections evenly
    # over several sockets on one port. The exclusive socket made sure that no other program uses the port.
    exclusive.close()
    return [socket.create_server(address[:2], family=family, backlog=_BACKLOG, reuse_port=True) for _ in range(workers)]


def _advice(number: int | None) -> str:
    """Return what to do after an error of the operating system."""
    if number == errno.EADDRNOTAVAIL:
        return "MILLITASK_HOST must be an address of this machine, such as 127.0.0.1 or 0.0.0.0."
    other = "choose another port with MILLITASK_PORT or --port (make run PORT=…)."
    if number in {errno.EACCES, errno.EPERM}:
        return f"Allow the user to listen on this port, or {other}"
    return f"Stop the program that uses the port, or {other}"
