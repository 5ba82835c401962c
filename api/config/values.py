"""Types of setting values, each with its check."""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from db.caller import is_workspace_id

_MEMORY_SIZE = re.compile(r"(\d+)(k|kb|m|mb|g|gb)?", re.IGNORECASE)
_UNIT_BYTES = {"": 1, "k": 1000, "kb": 1024, "m": 10**6, "mb": 2**20, "g": 10**9, "gb": 2**30}
_MIN_MEMORY_BYTES = 16 * 2**20
# Apps and extensions have schemes of their own, such as capacitor://localhost, and file:// has no host.
_ORIGIN = re.compile(
    r"(?!file:)[a-z][a-z0-9+.-]*://(\*\.([a-z0-9_-]+\.)+)?([a-z0-9_.-]+|\[[0-9a-f:]+\])(:\d+)?|file://", re.IGNORECASE
)
# A name or an address, or all names. The service compares the Host header without its port.
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[?[0-9a-f:]+\]?|\*", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

_METHODS = ("tokens", "oidc")
# Signatures by a private key only. With HMAC, a verifier could also forge tokens.
_ALGORITHMS = (*(f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)), "EdDSA")


def split_list(values: str) -> list[str]:
    """Return the values of a list that is separated by commas. Empty ones are left out."""
    return [value.strip() for value in values.split(",") if value.strip()]


def is_ip_address(name: str) -> bool:
    """Return whether a name is an IP address."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the address."""
    return host == "localhost" or (is_ip_address(host) and ip_address(host).is_loopback)


def _check_scheme(url: str, *schemes: str) -> str:
    if not url.startswith(schemes):
        raise ValueError(f"must start with {' or '.join(schemes)}")
    return url


def _check_memory_size(size: str) -> str:
    match = _MEMORY_SIZE.fullmatch(size)
    if match is None:
        raise ValueError("must be a number of bytes, or a number with kb, mb or gb, such as 512mb")
    if int(match[1]) * _UNIT_BYTES[(match[2] or "").lower()] < _MIN_MEMORY_BYTES:
        raise ValueError("must be at least 16mb")
    return size.lower()


def _check_hosts(hosts: str) -> str:
    for host in hosts.split(",") if hosts else ():
        if not _HOST.fullmatch(host.strip()):
            raise ValueError(
                "must be names such as tasks.example.com, without https://, port or path, separated by commas; or *"
            )
    return hosts


def _check_origins(origins: str) -> str:
    for origin in origins.split(",") if origins else ():
        if origin.strip() == "null":
            raise ValueError("must not be null, because a page of any site can have this origin")
        if not _ORIGIN.fullmatch(origin.strip()):
            raise ValueError(
                "must be origins such as https://example.com or https://*.example.com, without a path, separated by "
                "commas"
            )
    return origins.lower()  # browsers send origins in lower case


def _check_header_names(names: str) -> str:
    for name in names.split(",") if names else ():
        if not _HEADER_NAME.fullmatch(name.strip()):
            raise ValueError("must be names of headers such as authorization, separated by commas, or *")
    return names


def _check_networks(networks: str) -> str:
    for network in networks.split(",") if networks else ():
        try:
            ip_network(network.strip())
        except ValueError:
            raise ValueError("must be IP addresses or networks such as 10.0.0.0/8, separated by commas") from None
    return networks


def _check_methods(methods: str) -> str:
    given = split_list(methods)
    if methods != "none" and (not given or not set(given) <= set(_METHODS)):
        raise ValueError("must be none, or a list of tokens and oidc, separated by commas")
    return methods


def _check_algorithms(algorithms: str) -> str:
    given = split_list(algorithms)
    if not given or not set(given) <= set(_ALGORITHMS):
        raise ValueError(f"must be a list of {', '.join(_ALGORITHMS)}, separated by commas")
    return algorithms


def _check_issuers(issuers: str) -> str:
    for issuer in split_list(issuers):
        parts = urlsplit(issuer)
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if not secure or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("must be URLs such as https://id.example.com; http:// only on this machine")
    return issuers


def _check_issuer_workspaces(entries: str) -> str:
    for pattern in entries.replace(",", " ").split():
        if not is_workspace_id(pattern.removesuffix("*") or "x"):
            raise ValueError("must be ids of workspaces such as acme or acme-*, separated by spaces, and by commas")
    return entries


def _check_public_url(url: str) -> str:
    parts = urlsplit(url)
    plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    if url and not (plain and parts.path in ("", "/") and not parts.query and not parts.fragment):
        raise ValueError("must be a scheme and a host such as https://tasks.example.com, without a path")
    return url.rstrip("/")


def _check_report_url(url: str) -> str:
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if url and not (secure and parts.hostname):
        raise ValueError("must be a URL such as https://reports.example.com; http:// only on this machine")
    return url.rstrip("/")


_REDIS_SCHEMES = (
    "redis://",
    "rediss://",
    "unix://",
    "redis+sentinel://",
    "rediss+sentinel://",
    "redis+cluster://",
    "rediss+cluster://",
)


def _make_absolute(path: Path) -> Path:
    # Child processes may run in other folders than the one that a relative path starts from.
    return path.expanduser().resolve()


DatabaseUrl = Annotated[str, AfterValidator(lambda url: _check_scheme(url, "postgresql://", "postgres://"))]
RedisUrl = Annotated[str, AfterValidator(lambda url: _check_scheme(url, *_REDIS_SCHEMES))]
MemorySize = Annotated[str, AfterValidator(_check_memory_size)]
Hosts = Annotated[str, AfterValidator(_check_hosts)]
Origins = Annotated[str, AfterValidator(_check_origins)]
HeaderNames = Annotated[str, AfterValidator(_check_header_names)]
Networks = Annotated[str, AfterValidator(_check_networks)]
AbsolutePath = Annotated[Path, AfterValidator(_make_absolute)]
IdentityMethods = Annotated[str, AfterValidator(_check_methods)]
Algorithms = Annotated[str, AfterValidator(_check_algorithms)]
Issuers = Annotated[str, AfterValidator(_check_issuers)]
IssuerWorkspaces = Annotated[str, AfterValidator(_check_issuer_workspaces)]
PublicUrl = Annotated[str, AfterValidator(_check_public_url)]
ReportUrl = Annotated[str, AfterValidator(_check_report_url)]
