"""Choose the media type of a response from the request's Accept header (GraphQL over HTTP)."""

from functools import lru_cache

GRAPHQL_JSON, JSON, HTML = "application/graphql-response+json", "application/json", "text/html"
EVENT_STREAM = "text/event-stream"
# The first type is the default, for clients that accept any type.
SUPPORTED = (JSON, GRAPHQL_JSON, EVENT_STREAM)
# Clients send few different headers. The two bounds keep the cache below 256 KB.
_MAX_CACHED_HEADERS, _MAX_CACHED_CHARACTERS = 256, 1024


def preferred_media_type(accept: str, offered: tuple[str, ...] = SUPPORTED) -> str | None:
    """Return the offered type with the highest quality, or None if the header accepts none of them.

    The order of `offered` breaks ties. An empty header accepts everything.
    """
    return (_cached if len(accept) <= _MAX_CACHED_CHARACTERS else _preferred)(accept, offered)


def error_media_type(accept: str) -> str:
    """Return the type of JSON for an error. Clients read an error only in a type that they accept."""
    media_type = preferred_media_type(accept)
    return GRAPHQL_JSON if media_type == EVENT_STREAM else media_type or JSON


def _preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    if not accept.strip():
        return offered[0]
    ranges = [_media_range(part) for part in accept.split(",")]
    qualities = [(_quality(media_type, ranges), media_type) for media_type in offered]
    best = max(quality for quality, _ in qualities)
    return next((media_type for quality, media_type in qualities if quality == best), None) if best > 0 else None


_cached = lru_cache(_MAX_CACHED_HEADERS)(_preferred)


def _media_range(part: str) -> tuple[str, float]:
    """Return a media range and its quality, 0 to 1 (RFC 9110, section 12.5.1)."""
    name, *parameters = (word.strip().lower() for word in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, min(1.0, max(0.0, float(value)))
            except ValueError:
                return name, 0.0
    return name, 1.0


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """Return the quality of the most specific range that matches the type; 0 if no range does."""
    for name in (media_type, media_type.split("/")[0] + "/*", "*/*"):
        found = [quality for given, quality in ranges if given == name]
        if found:
            return max(found)
    return 0.0
