"""Findings of advice: a code and values, which a client puts into words of its language."""

from strawberry.utils.str_converters import to_camel_case

from schema.types.insights_service import AdviceCode, AdviceFinding, AdviceValue


def finding(code: AdviceCode, **values: float | str | None) -> AdviceFinding:
    """Return a finding. Values that are None are left out. Their names in GraphQL are in camel case."""
    listed = [
        AdviceValue(
            name=to_camel_case(name),
            number=None if isinstance(value, str) else float(value),
            text=value if isinstance(value, str) else None,
        )
        for name, value in values.items()
        if value is not None
    ]
    return AdviceFinding(code=code, values=listed)
