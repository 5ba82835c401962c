"""Caches for parsed and validated documents, bounded in count and in length so that they cannot fill the memory."""

from collections.abc import Iterator

from strawberry.extensions import ParserCache, ValidationCache

# Clients send few different documents, with variables. A parsed document of 2,000 tokens takes 1.3 MB.
MAX_CACHED_DOCUMENTS = 128
MAX_CACHED_CHARACTERS = 16 * 1024


class BoundedParserCache(ParserCache):
    """A cache of parsed documents that leaves out documents longer than `MAX_CACHED_CHARACTERS`."""

    def __init__(self) -> None:
        super().__init__(MAX_CACHED_DOCUMENTS)

    def on_parse(self) -> Iterator[None]:
        """Parse through the cache, or leave a long document to Strawberry's parser."""
        if len(self.execution_context.query or "") > MAX_CACHED_CHARACTERS:
            yield
        else:
            yield from super().on_parse()


class BoundedValidationCache(ValidationCache):
    """A cache of validated documents that leaves out documents longer than `MAX_CACHED_CHARACTERS`."""

    def __init__(self) -> None:
        super().__init__(MAX_CACHED_DOCUMENTS)

    def on_validate(self) -> Iterator[None]:
        """Validate through the cache, or leave a long document to Strawberry's validation."""
        if len(self.execution_context.query or "") > MAX_CACHED_CHARACTERS:
            yield
        else:
            yield from super().on_validate()
