from loadgen.ids import random_bytes, task_id


def test_a_million_ids_are_unique_and_increase_with_the_index() -> None:
    previous = ""
    for index in range(1_000_000):
        text = task_id(index, random_bytes(1, index)[:10])
        assert text > previous
        previous = text
