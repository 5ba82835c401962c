"""What must not happen in a browser's tab, and did."""

import re

from playwright.async_api import ConsoleMessage, Page, Request


class Watch:
    """Collects errors and requests to other hosts of the tabs that it is shown."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._allowed: list[re.Pattern[str]] = []
        self.found: list[str] = []

    def follow(self, tab: Page) -> None:
        tab.on("console", self._said)
        tab.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        tab.on("request", self._asked)

    def allow(self, pattern: str) -> None:
        """What a test does on purpose, such as ending the service, may be said of it."""
        self._allowed.append(re.compile(pattern))

    def problems(self) -> list[str]:
        """All that was found, but for what is allowed."""
        return [found for found in self.found if not any(pattern.search(found) for pattern in self._allowed)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"console {message.type}: {message.text} ({message.location})")

    def _asked(self, request: Request) -> None:
        own = (self._url, self._url.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(own):
            self.found.append(f"request to another host: {request.url}")
