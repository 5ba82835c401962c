"""The page that a browser gets when a sign-in at an OpenID provider fails, and the page to which it returns."""

import html
from enum import StrEnum
from urllib.parse import quote, urlsplit, urlunsplit

from starlette.responses import HTMLResponse

from api.graphql.request import RequestError

# The page of the service is asked for by paths of at most this length. Cookies hold at most 4,096 bytes.
MAX_PATH_CHARACTERS = 1024
_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="0; url={address}">
<title>Sign-in failed</title><h1>Sign-in failed</h1>
<p>{reason}</p><p><a href="{address}">Back to the page</a></p></html>
"""


class Failure(StrEnum):
    """Why a sign-in failed, as the query parameter `signIn` tells the page."""

    DENIED = "denied"
    NO_ACCESS = "noAccess"
    UNAVAILABLE = "unavailable"
    TOO_MANY = "tooMany"
    FAILED = "failed"


_REASONS = {
    Failure.DENIED: "The sign-in was cancelled, or the provider denied the access.",
    Failure.NO_ACCESS: "You are signed in at the provider, but your account may not use a workspace of this service.",
    Failure.UNAVAILABLE: "The provider cannot be reached, or does not confirm the sign-in. Try again later.",
    Failure.TOO_MANY: "Too many attempts. Wait a minute, then try again.",
    Failure.FAILED: "The sign-in did not succeed, or took longer than ten minutes.",
}


def failure_of(error: RequestError) -> Failure:
    """Return why a sign-in failed with this error."""
    if error.status == 429:
        return Failure.TOO_MANY
    return Failure.UNAVAILABLE if error.status >= 500 else Failure.FAILED


def failure_page(failure: Failure, status: int, page: str, headers: dict[str, str]) -> HTMLResponse:
    """Return a response that sends the browser to a page of the service, which says what happened.

    page: the path that the person asked for, as `local_path` returns it.
    """
    parts = urlsplit(page)
    query = f"{parts.query}&signIn={failure}" if parts.query else f"signIn={failure}"
    address = html.escape(urlunsplit(("", "", parts.path, query, parts.fragment)))
    body = _PAGE.format(address=address, reason=_REASONS[failure])
    return HTMLResponse(body, status, {"Content-Security-Policy": _POLICY, **headers})


def local_path(given: str) -> str:
    """Return a path of this service as it was given, or / if the text leads elsewhere."""
    quoted = quote(given, safe="/?&=#%+,:;@!$'()*~[]")
    elsewhere = not quoted.startswith("/") or quoted.startswith("//")
    return "/" if elsewhere or len(quoted) > MAX_PATH_CHARACTERS else quoted
