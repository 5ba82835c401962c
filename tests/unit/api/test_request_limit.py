"""Tests the limits on requests in flight."""

import json

from api.http.request_limit import LARGE_BODY_BYTES, RequestLimits

SMALL, LARGE = b"x" * (LARGE_BODY_BYTES - 1), b"x" * LARGE_BODY_BYTES


def test_large_bodies_have_half_as_many_slots_of_their_own() -> None:
    limits = RequestLimits(10)
    assert [limits.of(LARGE).acquire() for _ in range(9)] == [True] * 8 + [False]
    assert [limits.of(SMALL).acquire() for _ in range(16)] == [True] * 15 + [False]
    assert limits.in_flight == 23
    limits.of(LARGE).release()
    assert limits.of(LARGE).acquire()


def test_requests_that_are_identified_take_no_slot() -> None:
    limits = RequestLimits(2)
    slots = limits.of(SMALL)
    for _ in range(16):
        assert slots.acquire()
        assert slots.step_aside()
    assert limits.in_flight == 0
    # More keep their slots.
    assert slots.acquire()
    assert not slots.step_aside()
    assert limits.in_flight == 1
    for _ in range(16):
        slots.step_back()
    assert limits.in_flight == 17
    assert not slots.acquire()
    large = limits.of(LARGE)
    assert large.acquire()
    assert not large.step_aside()


def test_only_large_bodies_continue_in_turns() -> None:
    limits = RequestLimits(1)
    assert limits.of(SMALL).turns is None
    assert limits.of(LARGE).turns is not None


def test_refusals_say_which_requests_are_limited() -> None:
    limits = RequestLimits(1)
    messages = [json.loads(bytes(limits.of(body).refusal().body))["errors"][0]["message"] for body in (SMALL, LARGE)]
    assert messages == [
        "The worker has reached its limit of 1 requests in flight. Try again.",
        "The worker has reached its limit of 1 requests with bodies of 64 KiB or more in flight. Try again.",
    ]
