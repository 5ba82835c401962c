"""The origins of other sites whose pages may use the service, and the log of those that were refused."""

import re
from collections.abc import Iterable

import structlog

log = structlog.get_logger(__name__)
SETTING = "MILLITASK_CORS_ORIGINS"
# Browsers leave out the usual port of a scheme.
USUAL_PORTS = {"http": 80, "https": 443}
# Only this many refusals are logged, because other sites choose what they send.
_MAX_LOGGED, _MAX_LOGGED_CHARACTERS = 100, 256


class AllowedOrigins:
    """Origins, among them patterns such as `https://*.example.com`, which stands for every subdomain."""

    def __init__(self, origins: Iterable[str] = ()) -> None:
        self.pattern = "|".join(map(_pattern, origins))
        self._fullmatch = re.compile(self.pattern).fullmatch
        self._logged: set[tuple[str, ...]] = set()

    def __bool__(self) -> bool:
        return bool(self.pattern)

    def __contains__(self, origin: str) -> bool:
        return bool(self.pattern) and self._fullmatch(origin) is not None

    def log_refusal(self, origin: str, host: str, setting: str = SETTING, **fields: str) -> None:
        """Log what was refused to a page and which setting allows it: once, because browsers show no reason."""
        shown = {"origin": origin, "host": host, "setting": setting, **fields}
        refusal = tuple(value[:_MAX_LOGGED_CHARACTERS] for value in shown.values())
        if refusal not in self._logged and len(self._logged) < _MAX_LOGGED:
            self._logged.add(refusal)
            log.warning("cross-site request refused", **dict(zip(shown, refusal, strict=True)))


def _pattern(origin: str) -> str:
    """Return the regular expression of an origin as the setting has it."""
    scheme, _, rest = origin.partition("://")
    rest = rest.removesuffix(f":{USUAL_PORTS.get(scheme, '')}")
    subdomains = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\." if rest.startswith("*.") else ""
    return re.escape(f"{scheme}://") + subdomains + re.escape(rest.removeprefix("*."))
