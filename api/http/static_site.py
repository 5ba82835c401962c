"""The web page, served on the API's port for every path that the API does not use."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from api.http.static_files import HASHED_FOLDER, PLAYGROUND, SECURITY_HEADERS, StaticFile, read_static_files

_NOT_FOUND = "404.html"
# A file that is missing on this worker may exist on another one, or after a deployment.
_NOT_FOUND_HEADERS = {"Cache-Control": "no-store"} | SECURITY_HEADERS
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Millitask</title>
<style>:root { color-scheme: light dark } body { font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem;
margin: 4rem auto; padding: 0 1rem }</style>
<h1>The web page is not built</h1>
<p>The API works and answers at <code>/graphql</code>. To build the page and the playground, run this command in the
source folder, then reload:</p>
<pre>make page</pre>
<p><code>make run</code> also builds the page before it starts the service.</p>
</html>
"""


class StaticSite:
    """Serves the built web page. Before the page is built, a placeholder says how to build it."""

    def __init__(self, folder: Path, *, playground: bool) -> None:
        self._folder = folder
        self._playground = playground
        self._files: dict[str, StaticFile] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        request = Request(scope)
        await self._respond(request)(scope, receive, send)

    async def playground(self, request: Request) -> Response:
        """Return the playground, a page for writing and running operations."""
        response = self._send(request, PLAYGROUND)
        response.headers.add_vary_header("Accept")
        return response

    def _respond(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Method Not Allowed", 405, {"Allow": "GET, HEAD"})
        name = str(request.scope["path"]).removeprefix("/")
        if f"{name}/" in self._load():
            # Without scheme and host, because behind a proxy the service does not know its public ones.
            return RedirectResponse(f"/{name}/?{request.url.query}".removesuffix("?"), 308)
        return self._send(request, name)

    def _send(self, request: Request, name: str) -> Response:
        files = self._load()
        if not files:
            return HTMLResponse(_NOT_BUILT, 404, _NOT_FOUND_HEADERS)
        if name not in files:
            # A script or style of another build. Only people read the page.
            if _NOT_FOUND not in files or name.startswith(HASHED_FOLDER):
                return PlainTextResponse("Not Found", 404, _NOT_FOUND_HEADERS)
            return _response(request, files[_NOT_FOUND], 404)
        file = files[name]
        if _is_cached(request, file):
            return Response(None, 304, {key: file.headers[key] for key in ("ETag", "Cache-Control", "Vary")})
        return _response(request, file)

    def _load(self) -> dict[str, StaticFile]:
        # The files stay in memory, so that a new build does not remove files that open pages still load.
        if not self._files and (self._folder / "index.html").is_file():
            self._files = read_static_files(self._folder, playground=self._playground)
        return self._files


def _response(request: Request, file: StaticFile, status: int = 200) -> Response:
    """Return the file, compressed if the browser accepts that."""
    headers = file.headers if status == 200 else file.headers | _NOT_FOUND_HEADERS
    if file.gzip_body is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.gzip_body, status, headers | {"Content-Encoding": "gzip"})
    return Response(file.body, status, headers)


def _is_cached(request: Request, file: StaticFile) -> bool:
    """Return whether the browser already has this version of the file."""
    given = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return file.headers["ETag"].removeprefix("W/") in given
