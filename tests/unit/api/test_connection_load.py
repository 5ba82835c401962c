"""What the connections of a worker hold together: who is closed at which limit, and what the log says."""

import pytest

from api.http.connection_limits import ConnectionLimits, ConnectionLoad


class Client:
    """A connection that records whether it was closed."""

    def __init__(self, unsent: int = 0, waiting_since: float | None = None) -> None:
        self.unsent = unsent
        self.waiting_since = waiting_since
        self.dropped = 0

    def unsent_bytes(self) -> int:
        return self.unsent

    def drop(self) -> None:
        self.dropped += 1


def test_longest_request_is_closed_over_the_limit_of_unfinished_bytes() -> None:
    load, clients = ConnectionLoad(ConnectionLimits(unfinished_bytes=10)), [Client() for _ in range(3)]
    for client, size in zip(clients, (4, 3, 3), strict=True):
        load.receive(client, size)
    assert [client.dropped for client in clients] == [0, 0, 0]
    load.receive(clients[0], 1)  # bytes of the longest itself
    assert [client.dropped for client in clients] == [1, 0, 0]
    load.receive(clients[2], 4)
    assert [client.dropped for client in clients] == [1, 0, 0]
    load.receive(clients[2], 1)
    assert [client.dropped for client in clients] == [1, 1, 0]


def test_complete_requests_do_not_count() -> None:
    load, clients = ConnectionLoad(ConnectionLimits(unfinished_bytes=10)), [Client() for _ in range(3)]
    for client in clients:
        load.receive(client, 10)
        load.end_receiving(client)
        load.end_receiving(client)  # the end of the connection
    assert [client.dropped for client in clients] == [0, 0, 0]


def test_longest_response_is_closed_over_the_limit_of_unsent_bytes() -> None:
    load, clients = ConnectionLoad(ConnectionLimits(unsent_bytes=10)), [Client(5), Client(5), Client(1)]
    for client in clients[:2]:
        load.send(client)
    assert [client.dropped for client in clients] == [0, 0, 0]
    load.send(clients[2])
    assert [client.dropped for client in clients] == [1, 0, 0]
    load.end_sending(clients[1])
    load.end_sending(clients[1])
    load.send(Client(9))
    assert [client.dropped for client in clients] == [1, 0, 0]


def test_room_is_made_by_those_that_waited_longest() -> None:
    load = ConnectionLoad(ConnectionLimits(connections=48))
    newcomer, busy = Client(waiting_since=0.0), Client()
    clients = [Client(waiting_since=float(since)) for since in (5, 2, 4, 1, 3)]
    assert load.make_room(newcomer, [*clients, busy, object(), newcomer])
    assert [client.dropped for client in clients] == [0, 1, 0, 1, 1]
    assert busy.dropped == newcomer.dropped == 0


def test_at_least_one_connection_makes_room() -> None:
    load, clients = ConnectionLoad(ConnectionLimits(connections=2)), [Client(waiting_since=1.0) for _ in range(2)]
    assert load.make_room(Client(), clients)
    assert [client.dropped for client in clients] == [1, 0]
    assert not load.make_room(Client(), [Client(), object()])


def test_log_counts_what_happened_since_the_last_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load, now = ConnectionLoad(ConnectionLimits(connections=2, unfinished_bytes=1)), 100.0
    monkeypatch.setattr("api.http.connection_limits.time.monotonic", lambda: now)
    load.make_room(Client(), [])
    for _ in range(2):
        load.make_room(Client(), [Client(waiting_since=1.0)])
        load.make_room(Client(), [])
    load.receive(Client(), 2)
    assert capsys.readouterr().out.count("connections over the limits") == 1
    now = 110.0
    load.make_room(Client(), [])
    line = capsys.readouterr().out
    assert "closed=3" in line
    assert "refused=3" in line
    now = 120.0
    load.make_room(Client(), [])
    line = capsys.readouterr().out
    assert "closed=0" in line
    assert "refused=1" in line


def test_default_limits_are_the_documented_ones() -> None:
    limits = ConnectionLimits()
    assert (limits.unfinished_bytes, limits.unsent_bytes) == (33_554_432, 33_554_432)
