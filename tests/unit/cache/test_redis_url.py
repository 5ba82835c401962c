"""Tests that a wrong REDIS_URL is refused with the mistake that was made, and without its password."""

import pytest

from cache.redis.server import ConnectionLimits
from cache.redis.topologies import topology_of
from cache.redis.url import MalformedUrl, check_url

LIMITS = ConnectionLimits(1, 1.0, 1.0)
MISTAKES = [
    ("redis+cluster://:sesame@a:1/2", "only the database 0"),
    ("redis+cluster://:sesame@a:1?db=2", "only the database 0"),
    ("redis+cluster://:sesame@a:1/x", "a database number that is not a number"),
    ("redis://:sesame@a:1/x", "a database number that is not a number"),
    ("redis+sentinel://:sesame@a:1/tasks/x", "a database number that is not a number"),
    ("redis+cluster://:sesame@a:x", "a port that is not a number from 1 to 65535"),
    ("redis://:sesame@a:70000", "a port that is not a number from 1 to 65535"),
    ("redis+cluster://:sesame@a:1,", "names no host"),
    ("redis+cluster://", "names no host"),
    ("redis+sentinel://:sesame@/tasks", "names no host"),
    ("redis+sentinel://:sesame@a:1", "does not name the primary"),
    ("redis://:sesame@a:1,b:2", "names several hosts"),
    ("redis://:ses/ame@a:1", "In the password"),
    ("redis+cluster://:ses#ame@a:1", "In the password"),
    ("redis://:sesame@[::1:1/0", "does not enclose an address of IPv6"),
    ("redis://:sesame@a:1?colour=red", "the unknown option colour"),
    ("redis+sentinel://:sesame@a:1/tasks?colour=red", "the unknown option colour"),
    ("redis+cluster://:sesame@a:1?colour=red", "the unknown option colour"),
    ("redis://:sesame@a:1?health_check_interval=often", "a value of the option health_check_interval"),
    ("unix://?db=1", "names no socket"),
]


@pytest.mark.parametrize(("url", "mistake"), MISTAKES)
def test_mistake_is_named(url: str, mistake: str) -> None:
    with pytest.raises(MalformedUrl) as raised:
        topology_of(url, LIMITS)
    assert mistake in str(raised.value)
    assert "ses" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis://localhost",
        "redis://me:p%40ss@[::1]:6379/3?health_check_interval=5",
        "rediss://a/0?ssl_ca_certs=/etc/x@y",
        "unix://:pw@/run/redis.sock?db=4",
        "redis+sentinel://a,[::1]:2/tasks",
        "redis+cluster://a,b:2/0",
    ],
)
def test_url_without_a_mistake(url: str) -> None:
    check_url(url)
