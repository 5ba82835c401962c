"""Options that several commands have, with their checks."""

from pathlib import Path
from typing import Annotated

import httpx
from cyclopts import Parameter
from cyclopts.validators import Number


def _require_http_url(_: object, url: str) -> None:
    """Reject a URL that httpx cannot send a request to."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError("must be an HTTP URL such as http://127.0.0.1:8000/graphql")


def _require_writable_path(_: object, path: Path | None) -> None:
    """Reject a path that cannot be written, before a long load rather than after it."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise ValueError("must be a file in an existing folder")


def _require_token(_: object, token: str | None) -> None:
    """Reject a token that no header can contain."""
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise ValueError("must be an API token such as mt_…")


DEFAULT_URL = "http://127.0.0.1:8000/graphql"
Seconds = Annotated[float, Parameter(validator=Number(gt=0))]
Url = Annotated[str, Parameter(validator=_require_http_url)]
OutputFile = Annotated[Path | None, Parameter(validator=_require_writable_path)]
Token = Annotated[str | None, Parameter(env_var="MILLITASK_TOKEN", validator=_require_token)]
Concurrency = Annotated[int, Parameter(validator=Number(gte=1, lte=256))]
