"""A short run of the differential fuzzer. `make fuzz-compiler` runs it for longer."""

import random

import pytest
from graphql import validate

from tests.fuzz.differential.campaign import SUBJECTS, Report, run
from tests.fuzz.differential.generator import DocumentGenerator

COUNT = 500
# Both executors cancel coroutines that have not started when a sibling fails.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.no_cover
@pytest.mark.parametrize("name", sorted(SUBJECTS))
@pytest.mark.parametrize("seed", [1, 2])
async def test_compiled_operations_answer_as_graphql_core_does(name: str, seed: int) -> None:
    report = Report()
    await run(SUBJECTS[name](), COUNT, seed, report)
    assert report.findings == []
    assert report.not_compiled == {}
    assert report.compiled == COUNT
    assert report.with_errors > COUNT / 10
    assert report.with_data > COUNT / 3
    assert report.decoded > COUNT / 2


@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_generated_documents_are_valid(name: str) -> None:
    subject = SUBJECTS[name]()
    generator = DocumentGenerator(subject.schema, random.Random(5), subject.pools)
    for _ in range(40):
        case, document = generator.valid_case()
        assert validate(subject.schema, document) == [], case.document


def test_documents_depend_only_on_the_seed() -> None:
    subject = SUBJECTS["strawberry"]()
    first, second = (DocumentGenerator(subject.schema, random.Random(3), subject.pools) for _ in range(2))
    assert [first.case() for _ in range(50)] == [second.case() for _ in range(50)]
