"""Tests the compressed form of response bodies."""

import gzip

from api.graphql.response import OK, OperationRecord, ResponseBody


class Holder:
    gzipped: bytes | None = None


def test_compressed_body_is_gzip() -> None:
    body = b'{"data": {"a": 1}}' * 100
    response = ResponseBody(body, OperationRecord(OK), executed=True)
    assert gzip.decompress(response.compressed()) == body
    assert len(response.compressed()) < len(body)
    assert not response.is_compressed


def test_responses_of_one_holder_share_the_compressed_form() -> None:
    holder = Holder()
    first, second = (ResponseBody(b"{}" * 1000, OperationRecord(OK), executed=True, holder=holder) for _ in range(2))
    assert [first.is_compressed, second.is_compressed] == [False, False]
    compressed = first.compressed()
    assert second.compressed() is compressed
    assert [first.is_compressed, second.is_compressed] == [True, True]
