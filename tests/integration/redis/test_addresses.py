"""Tests that the shared connection understands the URLs that the pool understands."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cache.errors import CacheUnavailable
from cache.redis.client import Redis
from tests.faults.proxy import Proxy
from tests.support.redis_reads import shared
from tests.support.redis_server import PATIENT_SECONDS, RedisProcess

CERTIFICATE = Path(__file__).with_name("localhost.pem")


@pytest.fixture
async def proxy(server: RedisProcess) -> AsyncIterator[Proxy]:
    """Yield a proxy through which the server is reached over TCP."""
    proxy = Proxy(server.socket)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
async def tls_port(proxy: Proxy) -> AsyncIterator[int]:
    """Yield a port on which the server is reached over TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    pumps: set[asyncio.Task[None]] = set()

    async def forward(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(65536):
                sink.write(chunk)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.transport.abort()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        store_reader, store_writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        pumps.update(
            {asyncio.create_task(forward(reader, store_writer)), asyncio.create_task(forward(store_reader, writer))}
        )

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    yield listener.sockets[0].getsockname()[1]
    listener.close()
    await asyncio.gather(*pumps)


async def client_info(url: str) -> dict[str, str]:
    """Return what Redis knows about the shared connection of a client with this URL."""
    async with Redis(url, read_timeout=PATIENT_SECONDS) as redis:
        (info,) = await redis.read([("CLIENT", "INFO")])
    return dict(field.split("=", 1) for field in info.decode().split())


async def test_unix_socket(server: RedisProcess) -> None:
    info = await client_info(f"unix://{server.socket}")
    assert (info["db"], info["user"], info["name"], info["resp"]) == ("0", "default", "", "3")


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [("db=3", "db", "3"), ("client_name=reader", "name", "reader"), ("protocol=2&db=1", "resp", "2")],
)
async def test_options_of_the_url(server: RedisProcess, options: str, field: str, value: str) -> None:
    assert (await client_info(f"unix://{server.socket}?{options}"))[field] == value


async def test_user_and_password(server: RedisProcess) -> None:
    with server.client() as client:
        client.acl_setuser("me", enabled=True, passwords=["+p@ss/word"], keys=["*"], commands=["+@all"])
    for address in (
        f"unix://me:p%40ss%2Fword@{server.socket}?db=2",
        f"unix://{server.socket}?username=me&password=p@ss/word",
    ):
        assert (await client_info(address))["user"] == "me"
    for address in (f"unix://me:wrong@{server.socket}", f"unix://nobody:p%40ss%2Fword@{server.socket}"):
        with pytest.raises(CacheUnavailable) as raised:
            await client_info(address)
        assert "WRONGPASS" in str(raised.value.__cause__)


async def test_password_of_the_default_user(server: RedisProcess) -> None:
    with server.client() as client:
        client.config_set("requirepass", "sesame")
        assert (await client_info(f"unix://:sesame@{server.socket}"))["user"] == "default"
        with pytest.raises(CacheUnavailable):
            await client_info(f"unix://{server.socket}")


async def test_user_who_may_not_select_the_database(server: RedisProcess) -> None:
    with pytest.raises(CacheUnavailable) as raised:
        await client_info(f"unix://{server.socket}?db=99")
    assert "DB index is out of range" in str(raised.value.__cause__)


async def test_tcp_with_keepalive(proxy: Proxy) -> None:
    async with Redis(f"redis://127.0.0.1:{proxy.port}/2", read_timeout=PATIENT_SECONDS) as redis:
        (info,) = await redis.read([("CLIENT", "INFO")])
        assert b" db=2 " in info
        pipeline = shared(redis).pipeline("")
        assert pipeline is not None
        assert pipeline.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert pipeline.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


async def test_tls(server: RedisProcess, tls_port: int) -> None:
    with server.client() as client:
        client.set("large", "x" * 3_000_000)
    url = f"rediss://127.0.0.1:{tls_port}/0?ssl_ca_certs={CERTIFICATE}"
    async with Redis(url, read_timeout=PATIENT_SECONDS) as redis:
        assert await redis.read([("GET", "large"), ("ECHO", "a")]) == [b"x" * 3_000_000, b"a"]
        assert await redis.send([("ECHO", "a")]) == [b"a"]


async def test_tls_with_a_certificate_that_nobody_trusts(tls_port: int) -> None:
    async with Redis(f"rediss://127.0.0.1:{tls_port}/0", read_timeout=PATIENT_SECONDS) as redis:
        with pytest.raises(CacheUnavailable) as raised:
            await redis.read([("ECHO", "a")])
        assert isinstance(raised.value.__cause__, ssl.SSLCertVerificationError)


async def test_server_that_does_not_exist() -> None:
    for url in ("redis://127.0.0.1:1", "unix:///nowhere/redis.sock"):
        async with Redis(url) as redis:
            with pytest.raises(CacheUnavailable):
                await redis.read([("ECHO", "a")])
