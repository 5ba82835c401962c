"""Which documents are kept parsed and validated: few, and no long ones, so that they cannot fill the memory."""

from collections.abc import Iterator

from strawberry.extensions import ParserCache, ValidationCache

# Clients send few documents, with variables. One of 2,000 tokens takes 1.3 MB when it is parsed.
DOCUMENTS = 128
LONGEST = 16 * 1024


class BoundedParserCache(ParserCache):
    """Parses a document once, unless it is longer than is kept."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)

    def on_parse(self) -> Iterator[None]:
        """Around the parsing; Strawberry does what is not done here."""
        if len(self.execution_context.query or "") > LONGEST:
            yield
        else:
            yield from super().on_parse()


class BoundedValidationCache(ValidationCache):
    """Validates a document once, unless it is longer than is kept."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)

    def on_validate(self) -> Iterator[None]:
        """Around the validation, as for the parsing."""
        if len(self.execution_context.query or "") > LONGEST:
            yield
        else:
            yield from super().on_validate()
