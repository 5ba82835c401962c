import pytest

from loadgen.imports.lists import ListNames
from loadgen.imports.values import WrongValue


def test_lists_that_are_read_again_after_a_failed_request_keep_their_names() -> None:
    lists = ListNames(creates=False)
    for _ in range(2):
        lists.add("1", "Home")
    assert lists.id_of("Home") == "1"


def test_name_of_several_lists_belongs_to_none() -> None:
    lists = ListNames(creates=False)
    for id_ in ("1", "2", "1"):
        lists.add(id_, "Home")
    with pytest.raises(WrongValue, match="is the name of several lists"):
        lists.id_of("Home")
