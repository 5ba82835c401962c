"""Tests the spans of round trips to Redis, without a Redis."""

from cache.redis.pipeline import pack_command
from cache.redis.script_texts import script_sha, script_source
from cache.redis.spans import _described, first_words


def test_operation_is_the_command_or_the_script() -> None:
    assert _described(pack_command(("MGET", b"a\r\nb", "c")), 1) == ("MGET", "")
    assert _described(pack_command(("EVALSHA", script_sha("page"), 1, "key")), 1) == ("EVALSHA", "page")
    assert _described(pack_command(("EVALSHA", script_sha("mark", sharded=True), 1, "key")), 1) == ("EVALSHA", "mark")
    assert _described(pack_command(("EVALSHA", "0" * 40, 0)), 1) == ("EVALSHA", "")
    assert _described(pack_command(("EVAL", script_source("fill"), 1, "key")), 1) == ("EVAL", "fill")
    assert _described(pack_command(("TIME",)) + pack_command(("GET", "rev")), 2) == ("PIPELINE", "")


def test_only_the_first_words_are_read() -> None:
    packed = pack_command(("SET", b"key\r\n$3\r\nx", b"value"))
    assert first_words(packed, 2) == [b"SET", b"key\r\n$3\r\nx"]
    assert first_words(pack_command(("TIME",)), 2) == [b"TIME"]
