"""Collects the problems of a browser tab: errors, warnings, and requests to other hosts."""

import re

from playwright.async_api import ConsoleMessage, Page, Request


class TabMonitor:
    """Watches tabs and reports their problems. A test can allow the problems that it causes on purpose."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._allowed: list[re.Pattern[str]] = []
        self._found: list[str] = []

    def watch(self, tab: Page) -> None:
        tab.on("console", self._on_console)
        tab.on("pageerror", lambda error: self._found.append(f"error: {error}"))
        tab.on("request", self._on_request)

    def allow(self, pattern: str) -> None:
        """Ignore the problems that match this regular expression."""
        self._allowed.append(re.compile(pattern))

    def problems(self) -> list[str]:
        """Return every problem so far, except the allowed ones."""
        return [found for found in self._found if not any(pattern.search(found) for pattern in self._allowed)]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._found.append(f"console {message.type}: {message.text} ({message.location})")

    def _on_request(self, request: Request) -> None:
        own_origins = (self._url, self._url.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(own_origins):
            self._found.append(f"request to another host: {request.url}")
