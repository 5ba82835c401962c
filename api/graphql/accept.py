"""Which form an answer takes, by the request's Accept header, after GraphQL over HTTP."""

RESPONSE, JSON, HTML = "application/graphql-response+json", "application/json", "text/html"
EVENTS = "text/event-stream"
# What we speak, the one first that is meant where the client leaves it to us.
SPOKEN = (JSON, RESPONSE, EVENTS)


def media_type(accept: str, offered: tuple[str, ...] = SPOKEN) -> str | None:
    """The offered type that the header wants most, the first of those it wants alike; none if it wants none of them."""
    if not accept.strip():
        return offered[0]
    ranges = [_range(part) for part in accept.split(",")]
    wanted = [(_quality(type_, ranges), type_) for type_ in offered]
    best = max(quality for quality, _ in wanted)
    return next((type_ for quality, type_ in wanted if quality == best), None) if best > 0 else None


def _range(part: str) -> tuple[str, float]:
    """A media range and its quality, 0 to 1 (RFC 9110, 12.5.1)."""
    name, *parameters = (word.strip().lower() for word in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, min(1.0, max(0.0, float(value)))
            except ValueError:
                return name, 0.0
    return name, 1.0


def _quality(type_: str, ranges: list[tuple[str, float]]) -> float:
    """That of the most specific range that fits."""
    for name in (type_, type_.split("/")[0] + "/*", "*/*"):
        found = [quality for given, quality in ranges if given == name]
        if found:
            return max(found)
    return 0.0
