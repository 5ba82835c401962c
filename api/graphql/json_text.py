"""JSON with what msgspec refuses although clients send it: a byte order mark, and unpaired surrogates.

A JSON text can contain an unpaired surrogate as an escape such as `\\ud800`. JavaScript's strings can hold one, so
a text that was cut in the middle of an emoji has one. It concerns one value only, and must not make a request with
many tasks unreadable.
"""

import json
from math import isinf
from typing import Any

import msgspec

_decode, _encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode
_BYTE_ORDER_MARK = "\ufeff"
_TOO_LARGE = "it contains a number of more than 1.8e308. Use a smaller number."
_TOO_LONG = "it contains an integer of more than 4,300 digits. Use a smaller number."


class NotJson(ValueError):
    """A text that is not JSON. The message says why, and continues after a colon."""


def decode_json(text: str | bytes) -> Any:
    """Return the decoded JSON. Raises `NotJson`."""
    try:
        return _decode(text)
    except RecursionError:
        raise NotJson("it is nested too deeply. Use fewer levels.") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        return _decode_exactly(text, str(error))


def encode_json(value: Any) -> bytes:
    """Return the JSON of a value. Unpaired surrogates become escapes, as in the request that they come from."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _decode_exactly(text: str | bytes, problem: str) -> Any:
    """Decode what msgspec refuses for the given reason. Raises `NotJson`, which names the cause."""
    if problem.startswith("Number out of range"):
        raise NotJson(_TOO_LARGE)
    if problem.startswith("Integer value out of range"):
        raise NotJson(_TOO_LONG)
    unicode = text if isinstance(text, str) else _decode_unicode(text)
    try:
        return json.loads(
            unicode.removeprefix(_BYTE_ORDER_MARK),
            parse_constant=_refuse_constant,
            parse_float=_parse_float,
            parse_int=_parse_int,
        )
    except NotJson:
        raise
    except RecursionError:
        raise NotJson("it is nested too deeply. Use fewer levels.") from None
    except ValueError as error:
        raise NotJson(f"{str(error).rstrip('.')}. Send JSON.") from None


def _decode_unicode(text: bytes) -> str:
    encoding = json.detect_encoding(text)
    if not encoding.startswith("utf-8"):
        raise NotJson(f"it is encoded in {encoding[:6].upper()}. Send it in UTF-8.")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise NotJson(f"byte {error.start} is not UTF-8. Send it in UTF-8.") from None


def _refuse_constant(name: str) -> None:
    raise NotJson(f"it contains {name}, which JSON does not have. Send a number or null.")


def _parse_float(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise NotJson(_TOO_LARGE)
    return number


def _parse_int(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        raise NotJson(_TOO_LONG) from None
