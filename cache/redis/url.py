"""The check of REDIS_URL, which names the mistake that was made."""

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

from cache.redis.several_hosts import CLUSTER_SCHEMES, SENTINEL_SCHEMES

_SEVERAL = SENTINEL_SCHEMES + CLUSTER_SCHEMES
# How the library refuses an option, and the value of an option. Its other messages can have a part of the password.
_REFUSALS = (
    (r"unexpected keyword argument '(\w+)'", "has the unknown option {}."),
    (r"Invalid value for '(\w+)'", "has a value of the option {} that is not valid."),
)
_MAX_PORT = 65535


class MalformedUrl(ValueError):
    """REDIS_URL has a mistake. The message has no host, user or password of the URL."""

    def __init__(self, mistake: str) -> None:
        super().__init__(f"REDIS_URL cannot be parsed: it {mistake}")


def check_url(url: str) -> None:
    """Raise `MalformedUrl` if a URL has a mistake that can be found without the library."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise MalformedUrl("has a [ or ] that does not enclose an address of IPv6.") from None
    if mistake := _mistake(parts):
        raise MalformedUrl(mistake)


def explain_refusal(error: Exception) -> MalformedUrl:
    """Return the error for what the library says about the options of a URL."""
    for pattern, mistake in _REFUSALS:
        if found := re.search(pattern, str(error)):
            return MalformedUrl(mistake.format(found[1]))
    return MalformedUrl("has an option that cannot be used.")


def _mistake(parts: SplitResult) -> str:
    if parts.scheme == "unix":
        return "" if parts.path else "names no socket. It must look like unix:///run/redis/redis.sock."
    if "@" in parts.path + parts.fragment + parts.query.partition("=")[0]:
        return "has an @ after the hosts. In the password, write the characters @ : / ? # % as %40 %3A %2F %3F %23 %25."
    return _mistake_in_hosts(parts) or _mistake_in_path(parts)


def _mistake_in_hosts(parts: SplitResult) -> str:
    hosts = parts.netloc.rpartition("@")[2].split(",")
    if parts.scheme not in _SEVERAL:
        if len(hosts) > 1:
            return "names several hosts. Use redis+sentinel:// for sentinels, or redis+cluster:// for a cluster."
        hosts = [host for host in hosts if host]  # the library's default is this machine
    for host in hosts:
        name, port = _split_host(host)
        if not name:
            return "names no host, or has a comma too many."
        if port and not (port.isdecimal() and 0 < int(port) <= _MAX_PORT):
            return f"has a port that is not a number from 1 to {_MAX_PORT}."
    return ""


def _split_host(host: str) -> tuple[str, str]:
    bracketed = re.fullmatch(r"(\[[^\]]*\])(?::(.*))?", host)
    name, port = (bracketed[1], bracketed[2] or "") if bracketed else host.partition(":")[::2]
    return name, port


def _mistake_in_path(parts: SplitResult) -> str:
    first, _, rest = parts.path.strip("/").partition("/")
    options = parse_qs(parts.query)
    if parts.scheme in SENTINEL_SCHEMES:
        if not first:
            return "does not name the primary. Write its name after the hosts: redis+sentinel://host:26379/NAME/0."
        database = rest
    else:
        database = f"{first}/{rest}" if rest else first
    given = [text for text in (database, *options.get("db", [])) if text]
    if not all(text.isdecimal() for text in given):
        return "has a database number that is not a number."
    if parts.scheme in CLUSTER_SCHEMES and any(int(text) for text in given):
        return "names a database number, but a Redis cluster has only the database 0."
    return ""
