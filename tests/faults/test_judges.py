"""What is said of the numbers of a case: of times that were too long, and of what grew."""

from tests.faults.fault import Case
from tests.faults.injections import memory, redis, soak

FLAT = [31.0, 38.0, 33.0, 40.0, 36.0]


def case(measured: dict[str, list[float]], p99: float = 0.0) -> Case:
    return Case("soak", 1, 30, 0, 0, 0, 0, 0, 0.0, p99, 0.0, measured, [], [], 0.0)


def test_what_goes_up_and_down_has_not_grown() -> None:
    assert soak.grown(case({"connections": FLAT * 6})) == []
    # Nor has what is only warming up.
    assert soak.grown(case({"connections": [1.0, 5.0, 9.0, 20.0, 30.0, *FLAT * 5]})) == []


def test_what_is_never_given_back_has_grown() -> None:
    leaking = [number + minute for minute, number in enumerate(FLAT * 6)]
    [said] = soak.grown(case({"connections": leaking}))
    assert said.startswith("connections: ")


def test_an_index_that_had_to_be_built_anew() -> None:
    assert (memory.kept(case({})), len(memory.kept(case({memory.ANOTHER: [1.0]})))) == ([], 1)


def test_times_that_are_too_long() -> None:
    within, beyond = {"index back, s": [1.0, 9.9]}, {"index back, s": [10.1, 1.0]}
    assert (redis.late(case(within)), len(redis.late(case(beyond)))) == ([], 1)
    assert (redis.slow(case({}, 1.4)), len(redis.slow(case({}, 1.5)))) == ([], 1)
