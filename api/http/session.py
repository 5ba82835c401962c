"""The routes of the session in a browser: who am I, sign in, sign out, switch the workspace."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from api.graphql.json_text import NotJson, decode_json
from api.graphql.request import RequestError
from api.http.access_log import MAX_CLIENT_CHARACTERS
from api.http.errors import error_response
from api.http.session_state import session_state
from api.http.sign_in_page import Failure, failure_of, failure_page, local_path
from api.identity.authenticator import SECURE_SESSION_COOKIE, SESSION_COOKIE, Credential, Unauthenticated, read_cookie
from api.identity.identity import Identity
from api.identity.sessions import Session
from api.realtime.identification import is_own_origin
from db.caller import Caller

_CALLBACK = "/session/oidc/callback"
_SIGN_IN_COOKIE = "millitask_sign_in"
_SECURE_SIGN_IN_COOKIE = f"__Host-{_SIGN_IN_COOKIE}"
# Tokens have at most 8,192 characters.
_MAX_BODY_BYTES = 16 * 1024
_SAME_SITE = ("same-origin", "none")
_NO_STORE = {"Cache-Control": "no-store"}

Handler = Callable[[Request], Awaitable[Response]]


def session_routes(identity: Identity, public_url: str) -> list[Route]:
    """Return the routes. public_url: how browsers reach the service; empty for the host of each request."""
    routes = _SessionRoutes(identity, public_url)
    return [
        Route("/session", _answered(routes.show), methods=["GET"]),
        Route("/session", _answered(routes.sign_out), methods=["DELETE"]),
        Route("/session/token", _answered(routes.sign_in), methods=["POST"]),
        Route("/session/workspace", _answered(routes.switch), methods=["POST"]),
        Route(_CALLBACK, routes.finish, methods=["GET"]),
        Route("/session/oidc/{issuer}", routes.start, methods=["GET"]),
    ]


def _answered(handler: Handler) -> Handler:
    """Return a handler whose `RequestError` becomes a response."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except RequestError as error:
            return error_response(error.status, str(error), str(error.extensions["code"]), error.headers)

    return answer


class _SessionRoutes:
    def __init__(self, identity: Identity, public_url: str) -> None:
        self._identity = identity
        self._public_url = public_url

    async def show(self, request: Request) -> Response:
        """Return who the caller is, and how people can sign in."""
        headers = _headers(request)
        authenticator = self._identity.authenticator
        session, caller = None, None
        try:
            caller = await authenticator.caller(headers)
            credential = authenticator.credential(headers) if authenticator.required else None
            if credential is not None and credential.kind == "session":
                session = self._identity.sessions.read(credential.secret)
        except RequestError as error:
            if error.status >= 500:
                raise
        return JSONResponse(await session_state(self._identity, session, caller), headers=_NO_STORE)

    async def sign_in(self, request: Request) -> Response:
        """Start a session with the token in the body."""
        self._check_page(request)
        self._identity.attempts.count(_address(request))
        token = (await _json_body(request)).get("token")
        if not self._identity.authenticator.required or not isinstance(token, str):
            raise RequestError(400, 'Send a token as JSON: {"token": "mt_…"}.')
        try:
            session = await self._identity.sessions.sign_in(token.strip())
            caller = await self._identity.sessions.caller_of(session)
        except RequestError as error:
            if error.status < 500:
                await self._identity.audit.refused("token", _address(request), str(error))
            raise
        await self._identity.audit.started(caller, "token", _address(request))
        return await self._signed_in(request, session, caller)

    async def sign_out(self, request: Request) -> Response:
        """End the session of the browser."""
        credential = self._own_session(request)
        if credential is not None:
            try:
                caller = await self._identity.authenticator.caller_of(credential)
            except RequestError as error:
                if error.status >= 500:
                    raise
                caller = None  # the session has ended already, or its workspace is suspended
            if caller is not None:
                self._identity.authenticator.check_csrf(credential, _headers(request))
                await self._identity.audit.ended(caller, _address(request))
        response = JSONResponse(await session_state(self._identity, None, None), headers=_NO_STORE)
        self._set_cookie(request, response, "")
        return response

    async def switch(self, request: Request) -> Response:
        """Continue the session in another workspace of the same person."""
        credential = self._own_session(request)
        if credential is None:
            raise Unauthenticated("There is no session. Sign in first.")
        self._identity.authenticator.check_csrf(credential, _headers(request))
        workspace = (await _json_body(request)).get("workspace")
        session = self._identity.sessions.read(credential.secret)
        changed = await self._identity.sessions.switched(session, str(workspace))
        caller = await self._identity.sessions.caller_of(changed)
        await self._identity.audit.switched(caller, _address(request))
        return await self._signed_in(request, changed, caller)

    async def start(self, request: Request) -> Response:
        """Send the browser to the page of an OpenID provider. The query parameter `to` is the path to return to."""
        page = local_path(request.query_params.get("to", "/"))
        try:
            target, cookie = await self._start(request, page)
        except RequestError as error:
            return failure_page(failure_of(error), error.status, page, _NO_STORE | error.headers)
        response = RedirectResponse(target, 303, _NO_STORE)
        secure, name, path = self._sign_in_cookie(request)
        response.set_cookie(name, cookie, 600, path=path, secure=secure, httponly=True, samesite="lax")
        return response

    async def _start(self, request: Request, page: str) -> tuple[str, str]:
        if self._identity.sign_in is None:
            raise RequestError(404, "This service has no OpenID provider.")
        self._identity.attempts.count(_address(request))
        url = f"{self._base_url(request)}{_CALLBACK}"
        return await self._identity.sign_in.start(request.path_params["issuer"], url, page)

    async def finish(self, request: Request) -> Response:
        """Start a session after the provider has sent the browser back, and show the page."""
        secure, cookie_name, path = self._sign_in_cookie(request)
        cookie = read_cookie(_headers(request).get(b"cookie", b""), cookie_name)
        page = self._identity.sign_in.page_of(cookie) if self._identity.sign_in is not None else "/"
        failure = Failure.DENIED if request.query_params.get("error") == "access_denied" else None
        try:
            if self._identity.sign_in is None:
                raise Unauthenticated("This service has no OpenID provider.")
            verified = await self._identity.sign_in.finish(request.query_params, cookie)
            failure = Failure.NO_ACCESS
            session = self._identity.sessions.of_person(verified)
            caller = await self._identity.sessions.caller_of(session)
            await self._identity.audit.started(caller, "oidc", _address(request))
            response: Response = RedirectResponse(page, 303, _NO_STORE)
            self._set_cookie(request, response, self._identity.sessions.cookie(session), session)
        except RequestError as error:
            if error.status < 500 and self._identity.sign_in is not None:
                await self._identity.audit.refused("oidc", _address(request), str(error))
            if failure is None or error.status >= 500:
                failure = failure_of(error)
            response = failure_page(failure, error.status, page, _NO_STORE)
        response.delete_cookie(cookie_name, path=path, secure=secure, httponly=True, samesite="lax")
        return response

    def _sign_in_cookie(self, request: Request) -> tuple[bool, str, str]:
        """Return whether the cookie of a sign-in is Secure, its name and its path. Its prefix requires the path /."""
        if self._is_secure(request):
            return True, _SECURE_SIGN_IN_COOKIE, "/"
        return False, _SIGN_IN_COOKIE, _CALLBACK

    def _own_session(self, request: Request) -> Credential | None:
        self._check_page(request)
        return self._identity.authenticator.session(_headers(request))

    def _check_page(self, request: Request) -> None:
        """Raise `RequestError` if a page of another site sends the request."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        if site not in _SAME_SITE or (
            "origin" in request.headers and not is_own_origin(request, secure=self._is_secure(request))
        ):
            raise RequestError(403, "Only the page of this service may sign in or out.", "CSRF_TOKEN_INVALID")

    async def _signed_in(self, request: Request, session: Session, caller: Caller) -> Response:
        response = JSONResponse(await session_state(self._identity, session, caller), headers=_NO_STORE)
        self._set_cookie(request, response, self._identity.sessions.cookie(session), session)
        return response

    def _set_cookie(self, request: Request, response: Response, value: str, session: Session | None = None) -> None:
        """Set the cookie of the session, until the browser is closed; or remove it if the value is empty."""
        secure = self._is_secure(request)
        for name in (SECURE_SESSION_COOKIE, SESSION_COOKIE):
            own = name == (SECURE_SESSION_COOKIE if secure else SESSION_COOKIE)
            if own and session is not None:
                response.set_cookie(name, value, path="/", secure=secure, httponly=True, samesite="lax")
            elif name in request.cookies:
                response.set_cookie(
                    name, "", 0, path="/", secure=name == SECURE_SESSION_COOKIE, httponly=True, samesite="lax"
                )

    def _base_url(self, request: Request) -> str:
        return self._public_url or f"{request.url.scheme}://{request.headers['host']}"

    def _is_secure(self, request: Request) -> bool:
        return self._base_url(request).startswith("https://")


def _address(request: Request) -> str:
    return request.client.host[:MAX_CLIENT_CHARACTERS] if request.client else ""


def _headers(request: Request) -> dict[bytes, bytes]:
    return dict(reversed(request.scope["headers"]))


async def _json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body. Pages of other sites cannot send this content type unasked."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RequestError(415, "Send application/json.", "UNSUPPORTED_MEDIA_TYPE")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BODY_BYTES:
            raise RequestError(413, f"The body has more than {_MAX_BODY_BYTES:,} bytes.", "BODY_TOO_LARGE")
    try:
        decoded = decode_json(body)
    except NotJson:
        decoded = None
    if not isinstance(decoded, dict):
        raise RequestError(400, "Send a JSON object.")
    return decoded
