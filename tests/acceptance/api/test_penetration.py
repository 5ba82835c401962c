"""A penetration test of identity, workspaces and rate limits: two workers behind https, as an operator would run them.

The service is shared by all tests. `Host` and `Origin` are those that a proxy with TLS passes on.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from api.realtime.websocket import FORBIDDEN
from db.caller import SCOPES
from tests.support.oidc_provider import AUDIENCE, FakeProvider, fake_provider
from tests.support.raw_client import code_of, connect, response, send_all
from tests.support.service_process import Service, command, serve, until
from tests.support.websocket_client import connected, wait_for_close

HOST = "tasks.example.com"
PAGE = f"https://{HOST}"
MAX_COST = 1000
CREATE_TOKEN = "mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { token apiToken { id } } }"
CREATE_WORKSPACE = "mutation ($id: ID!) { createWorkspace(input: {id: $id}) { workspace { id } } }"
AUDIT = '{ auditLog(first: 100, workspaceId: "%s") { nodes { action actor target address } } }'
VIEWER = "{ viewer { actor } }"
FOREIGN = 'mutation { createWorkspace(input: {id: "x"}) { clientMutationId } }'
# Not valid, and long enough to take more than half of the points of a bucket.
LONG_DOCUMENT = "{" + " ".join(f"x{number}" for number in range(1100)) + "}"


class Site:
    """The running service as its attackers see it."""

    def __init__(self, service: Service, provider: FakeProvider, operator: str) -> None:
        self.service = service
        self.provider = provider
        self.operator = operator
        self.tokens = [operator]
        self.address = f"127.0.0.1:{service.port}"
        self.http = httpx.Client(base_url=f"http://{self.address}", headers={"Host": HOST}, timeout=30)

    def graphql(self, token: str, document: str, **variables: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.post("/graphql", json={"query": document, "variables": variables}, headers=headers)

    def new_token(self, workspace: str, *scopes: str, **more: Any) -> tuple[str, str]:
        """Return a new token and its id."""
        given = {"name": "attacker", "workspaceId": workspace, "scopes": scopes, **more}
        payload = self.graphql(self.operator, CREATE_TOKEN, input=given).json()["data"]["createApiToken"]
        self.tokens.append(payload["token"])
        return payload["token"], payload["apiToken"]["id"]

    def session(self, token: str) -> tuple[dict[str, str], str]:
        """Sign in, and return the header with the cookie, and the text of the header Set-Cookie."""
        answer = httpx.post(f"http://{self.address}/session/token", json={"token": token}, headers={"Host": HOST})
        set_cookie = answer.headers["set-cookie"]
        csrf = {"X-CSRF-Token": answer.json()["csrf"]}
        return csrf | {"Cookie": set_cookie.partition(";")[0]}, set_cookie

    def entries(self, workspace: str, **members: str) -> list[dict[str, str]]:
        nodes = self.graphql(self.operator, AUDIT % workspace).json()["data"]["auditLog"]["nodes"]
        return [node for node in nodes if members.items() <= node.items()]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("penetration")
    with fake_provider() as provider, fake_provider() as other:
        settings: dict[str, Any] = {
            "MILLITASK_IDENTITY": "tokens,oidc",
            "MILLITASK_OIDC_ISSUERS": f"{provider.issuer},{other.issuer}",
            "MILLITASK_OIDC_AUDIENCE": AUDIENCE,
            "MILLITASK_OIDC_CLIENT_IDS": "page",
            "MILLITASK_OIDC_WORKSPACES": "acme default",
            "MILLITASK_PUBLIC_URL": PAGE,
            "MILLITASK_HOSTS": HOST,
            "MILLITASK_MAX_COST": str(MAX_COST),
            "MILLITASK_WORKERS": "2",
        }
        with serve(data, **settings) as service:
            scopes = [part for scope in SCOPES for part in ("--scope", scope)]
            created = command(data, "token", "create", "--name", "operator", *scopes, **settings)
            site = Site(service, provider, created.stdout.strip())
            for workspace in ("acme", "beta"):
                assert site.graphql(site.operator, CREATE_WORKSPACE, id=workspace).json()["data"]
            yield site
            site.http.close()


@pytest.fixture(scope="module")
def session(site: Site) -> dict[str, str]:
    return site.session(site.new_token("acme", "TASKS_READ")[0])[0]


def test_cookies_need_the_prefix_over_https(site: Site) -> None:
    session, set_cookie = site.session(site.operator)
    assert set_cookie.startswith("__Host-millitask_session=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(set_cookie.split("; "))
    assert site.http.get("/session", headers=session).json()["viewer"] is not None
    # A page of a subdomain, or anyone in the network, can plant a cookie without the prefix.
    planted = {"Cookie": session["Cookie"].removeprefix("__Host-")}
    assert site.http.get("/session", headers=planted).json()["viewer"] is None
    assert site.http.post("/graphql", json={"query": VIEWER}, headers=session | planted).status_code == 401


def test_sign_in_at_a_provider_starts_and_ends_in_one_browser(site: Site) -> None:
    provider = site.provider
    endpoints = {"authorization_endpoint": f"{provider.issuer}/a", "token_endpoint": f"{provider.issuer}/t"}
    discovery = json.dumps(json.loads(provider.answer("/.well-known/openid-configuration")) | endpoints).encode()
    provider.respond = lambda path: (200, discovery) if "well-known" in path else None
    start = site.http.get("/session/oidc/1", params={"next": "https://evil.example"})
    cookie = start.headers["set-cookie"]
    assert cookie.startswith("__Host-millitask_sign_in=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    target = httpx.URL(start.headers["location"])
    assert target.params["redirect_uri"] == f"{PAGE}/session/oidc/callback"
    site.http.cookies.clear()
    own, state = cookie.partition(";")[0], target.params["state"]
    for sent, query in (
        ("", {"code": "x", "state": state}),
        (own.removeprefix("__Host-"), {"code": "x", "state": state}),
        (own, {"code": "x", "state": "other"}),
        (own, {"code": "x", "state": state, "iss": "https://evil.example"}),
        (own, {"state": state, "error": "<script>"}),
    ):
        answer = site.http.get("/session/oidc/callback", params=query, headers={"Cookie": sent})
        assert (answer.status_code, "location" in answer.headers) == (401, False)
        assert "script" not in answer.text
        assert "__Host-millitask_session" not in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        f"http://{HOST}",
        f"https://evil@{HOST}",
        f"https://{HOST}@evil.example",
        f"https://{HOST}.evil.example",
        f"https://{HOST}:444",
        f"//{HOST}",
    ],
)
async def test_other_origins_use_no_session(site: Site, session: dict[str, str], origin: str) -> None:
    for method, path in (("DELETE", "/session"), ("POST", "/session/token"), ("POST", "/session/workspace")):
        content = None if method == "DELETE" else {"token": "x", "workspace": "acme"}
        answer = site.http.request(method, path, json=content, headers=session | {"Origin": origin})
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    options: dict[str, Any] = {"host": "127.0.0.1", "port": site.service.port, "origin": origin}
    options["additional_headers"] = {"Cookie": session["Cookie"]}
    if origin == f"http://{HOST}":
        # A page of http may connect with a token of its own.
        async with connected(f"http://{HOST}/graphql", initialize=False, **options) as websocket:
            await websocket.send('{"type": "connection_init"}')
            assert (await wait_for_close(websocket))[0] == FORBIDDEN
        return
    with pytest.raises(InvalidStatus, match="403"):
        async with connected(f"http://{HOST}/graphql", **options):
            pass


async def test_request_with_two_tokens_is_refused(site: Site) -> None:
    acme, beta = (site.new_token(workspace, "TASKS_READ")[0] for workspace in ("acme", "beta"))
    twice = [("Authorization", f"Bearer {acme}"), ("Authorization", f"Bearer {beta}")]
    answer = site.http.post("/graphql", json={"query": VIEWER}, headers=twice)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    with pytest.raises(InvalidStatus, match="400"):
        async with connected(f"http://{site.address}/graphql", additional_headers=twice):
            pass


def test_issuer_claims_no_other_workspaces_and_no_administration_of_all(site: Site) -> None:
    def ask(**claims: Any) -> httpx.Response:
        return site.graphql(site.provider.token(site.provider.claims(**claims)), "{ viewer { scopes } }")

    everything = "tasks:read admin"
    assert ask(workspace="acme", scope=everything).json()["data"]["viewer"]["scopes"] == ["TASKS_READ", "ADMIN"]
    assert ask(workspace="default", scope=everything).json()["data"]["viewer"]["scopes"] == ["TASKS_READ"]
    assert ask(workspace="beta", scope=everything).status_code == 401
    for subject in ("a\nlevel=error", "a\0b", "\ud800", "\u202eadmin"):
        assert ask(workspace="acme", sub=subject).status_code == 401


def test_refusals_cannot_flood_the_audit_log(site: Site) -> None:
    token, id_ = site.new_token("acme", "ADMIN")
    codes = [site.graphql(token, FOREIGN).json()["errors"][0]["extensions"]["code"] for _ in range(15)]
    assert set(codes) == {"FORBIDDEN"}
    assert len(site.entries("acme", action="access.refused", actor=f"token:{id_}")) == 10


def test_sessions_are_in_the_audit_log(site: Site) -> None:
    token, id_ = site.new_token("acme", "TASKS_READ")
    session, _ = site.session(token)
    assert site.http.delete("/session", headers=session).status_code == 200
    entries = site.entries("acme", actor=f"token:{id_}", address="127.0.0.1")
    assert [entry["action"] for entry in entries] == ["session.end", "session.start"]
    for _ in range(3):
        assert site.http.post("/session/token", json={"token": "mt_wrong"}).status_code in (401, 429)
    refused = site.entries("default", action="session.refused", target="token", actor="anonymous")
    assert 1 <= len(refused) <= 10


def test_long_documents_cost_points_before_they_are_read(site: Site) -> None:
    token, _ = site.new_token("acme", "TASKS_READ", pointsPerMinute=1)
    first, second = (site.graphql(token, LONG_DOCUMENT.replace("x1 ", f"{name} ")) for name in ("y", "z"))
    assert first.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert (second.status_code, second.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")


async def test_long_documents_on_a_socket_cost_points_too(site: Site) -> None:
    token, _ = site.new_token("acme", "TASKS_READ", pointsPerMinute=1)
    headers = {"Authorization": f"Bearer {token}"}
    async with connected(f"http://{site.address}/graphql", additional_headers=headers) as websocket:
        codes = []
        for name in ("v", "w"):
            query = "subscription " + LONG_DOCUMENT.replace("x1 ", f"{name} ")
            await websocket.send(json.dumps({"type": "subscribe", "id": name, "payload": {"query": query}}))
            codes.append(json.loads(await websocket.recv())["payload"][0]["extensions"]["code"])
    assert codes == ["GRAPHQL_VALIDATION_FAILED", "RATE_LIMITED"]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding : chunked",
        b"Content-Length: +5",
        b"Host: evil.example",
    ],
)
def test_requests_whose_end_is_ambiguous_are_refused(site: Site, framing: bytes) -> None:
    head = b"POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n" % HOST.encode()
    with connect(site.service.port) as connection:
        send_all(connection, head + framing + b"\r\n\r\nhello")
        connection.settimeout(30)
        assert code_of(response(connection)) == (400, "BAD_REQUEST")


def test_logs_have_neither_tokens_nor_errors(site: Site) -> None:
    session, _ = site.session(site.operator)
    secrets = [*site.tokens, session["Cookie"].partition("=")[2], session["X-CSRF-Token"]]
    assert until(lambda: "session/token" in site.service.output.read_text())
    output = site.service.output.read_text()
    assert [secret for secret in secrets if secret in output] == []
    assert '"level": "error"' not in output
