"""The most used ids in bounded memory."""

import random

from cache.maintenance.warm_lists import MostUsed


def test_ids_with_the_highest_use_are_kept_in_its_order() -> None:
    chooser, most_used = random.Random(1), MostUsed[str](50)
    added = [("one" if at % 3 else "two", at.to_bytes(16), chooser.randrange(8)) for at in range(400)]
    for key, id_, use in added:
        most_used.add(key, id_, use)
    uses = sorted((use for _, _, use in added), reverse=True)[:50]
    by_id = {id_: (key, use) for key, id_, use in added}
    kept = []
    for key in ("one", "two"):
        ids = most_used.of(key)
        found = [by_id[ids[at : at + 16]] for at in range(0, len(ids), 16)]
        assert {owner for owner, _ in found} == {key}
        assert [use for _, use in found] == sorted((use for _, use in found), reverse=True)
        kept += [use for _, use in found]
    assert sorted(kept, reverse=True) == uses


def test_nothing_was_added() -> None:
    assert MostUsed[str](5).of("one") == b""
