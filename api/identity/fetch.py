"""Small JSON documents of an OpenID provider, with limits on time and size."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from api.config.values import is_loopback
from api.graphql.json_text import NotJson, decode_json
from db.tracing import outgoing_headers, span

TIMEOUT_SECONDS = 5.0
MAX_BYTES = 256 * 1024


class FetchFailed(Exception):
    """The provider did not answer as it should. The message contains no secret."""


class ProviderClient:
    """An HTTP client for OpenID providers. It follows no redirects."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def get(self, url: str) -> dict[str, Any]:
        """Return the JSON object at the URL. Raises `FetchFailed`."""
        return await self._send("GET", url)

    async def post(self, url: str, form: dict[str, str], auth: tuple[str, str] | None) -> dict[str, Any]:
        """Send a form, with HTTP basic authentication if given, and return the JSON object of the answer."""
        return await self._send("POST", url, data=form, auth=auth)

    async def _send(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise FetchFailed(f"{_shown(url)} is not an https:// URL")
        if self._client is None:
            # Created late and in a thread: it reads the certificates of the authorities.
            self._client = await asyncio.to_thread(_create_client)
        try:
            with span(method, _attributes(method, url), SpanKind.CLIENT) as recorded:
                async with (
                    asyncio.timeout(TIMEOUT_SECONDS),
                    self._client.stream(method, url, headers=_headers(), **options) as response,
                ):
                    body = b""
                    async for part in response.aiter_bytes(16 * 1024):
                        body += part
                        if len(body) > MAX_BYTES:
                            raise FetchFailed(f"the answer of {_shown(url)} has more than {MAX_BYTES:,} bytes")
                _note_status(recorded, response.status_code)
        except TimeoutError:
            raise FetchFailed(f"{_shown(url)} did not answer within {TIMEOUT_SECONDS:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # The text of the error could repeat the request.
            raise FetchFailed(f"{_shown(url)} cannot be reached: {type(error).__name__}") from None
        if response.status_code != 200:
            raise FetchFailed(f"{_shown(url)} answered with the status {response.status_code}")
        try:
            decoded = decode_json(body)
        except NotJson:
            decoded = None
        if not isinstance(decoded, dict):
            raise FetchFailed(f"the answer of {_shown(url)} is not a JSON object")
        return decoded


def _headers() -> dict[str, str]:
    return {"Accept": "application/json", **outgoing_headers()}


def _attributes(method: str, url: str) -> dict[str, str | int]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {
        "http.request.method": method,
        "server.address": parts.hostname or "",
        "server.port": port,
        "url.full": _shown(url),
    }


def _note_status(recorded: Span | None, status: int) -> None:
    if recorded is not None:
        recorded.set_attribute("http.response.status_code", status)
        if status >= 400:
            recorded.set_attribute("error.type", str(status))
            recorded.set_status(Status(StatusCode.ERROR))


def _create_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)


def _shown(url: str) -> str:
    """Return the URL without user, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
