"""Peer `constant`: Starlette returns the same bytes to every request. The least that an answer can cost.

Start it with `python -m benchmarks.peers.constant --port 8001`, and request `GET /`.
"""

from cyclopts import App
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.peers.server import serve

BODY = b'{"data":{"__typename":"Query"}}'

app = App(name="python -m benchmarks.peers.constant", help="Serve one constant answer.")


async def constant(_request: Request) -> Response:
    """Return the constant body."""
    return Response(BODY, media_type="application/json")


@app.default
def main(*, port: int = 8001) -> None:
    """Serve GET / on a port of the loopback interface."""
    serve(Starlette(routes=[Route("/", constant)]), port)


if __name__ == "__main__":
    app()
