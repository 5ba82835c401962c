"""The operating system's limit on open files, which also limits connections."""

import resource
from contextlib import suppress

import structlog

log = structlog.get_logger(__name__)
# What a worker opens in addition to connections of clients and of the database: listeners, pipes, Redis, static files.
_OTHER_FILES = 100


def connections_that_fit(wanted: int, database_connections: int) -> int:
    """Raise this process's limit on open files as far as `wanted` connections need it, and return how many fit.

    At the limit of the system, new connections would be closed without a response and without a line in the log.
    """
    other = database_connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted + other:
        soft = wanted + other if hard == resource.RLIM_INFINITY else min(hard, wanted + other)
        with suppress(OSError, ValueError):  # some systems have a lower limit than they report
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted + other:
        return wanted
    fitting = max(1, soft - other)
    log.warning("open files limit the connections", open_files=soft, connections=fitting, wanted=wanted)
    return fitting
