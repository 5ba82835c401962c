"""The checks of a case's measurements: recovery that is too slow, and values that grow."""

from tests.faults.fault import CaseResult
from tests.faults.injections import memory, redis, soak

FLAT = [31.0, 38.0, 33.0, 40.0, 36.0]


def case_result(measurements: dict[str, list[float]], p99_read_seconds: float = 0.0) -> CaseResult:
    return CaseResult(
        *("soak", 1, 30, 0, 0, 0, 0, 0),
        slowest_read_seconds=0.0,
        p99_read_seconds=p99_read_seconds,
        slowest_write_seconds=0.0,
        measurements=measurements,
        violations=[],
        log_lines=[],
        duration_seconds=0.0,
    )


def test_fluctuation_is_not_growth() -> None:
    assert soak.check_growth(case_result({"connections": FLAT * 6})) == []


def test_warm_up_is_not_growth() -> None:
    assert soak.check_growth(case_result({"connections": [1.0, 5.0, 9.0, 20.0, 30.0, *FLAT * 5]})) == []


def test_leak_is_growth() -> None:
    leak = [value + minute for minute, value in enumerate(FLAT * 6)]
    [violation] = soak.check_growth(case_result({"connections": leak}))
    assert violation.startswith("connections: ")


def test_replaced_index_is_a_violation() -> None:
    assert memory.check_index_stays(case_result({})) == []
    assert len(memory.check_index_stays(case_result({memory.INDEX_REPLACED: [1.0]}))) == 1


def test_slow_index_recovery_is_a_violation() -> None:
    assert redis.check_recovery_time(case_result({"index recovery, s": [1.0, 9.9]})) == []
    assert len(redis.check_recovery_time(case_result({"index recovery, s": [10.1, 1.0]}))) == 1


def test_slow_reads_are_a_violation() -> None:
    assert redis.check_read_latency(case_result({}, 1.4)) == []
    assert len(redis.check_read_latency(case_result({}, 1.5))) == 1
