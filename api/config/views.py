"""The setting that declares views."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from api.config.values import split_list
from db.views import BASE_SHAPES, DEFAULT_SHAPES, Orders, Shape, Shapes, parse_declaration, shape_name

MAX_SHAPES = 16
_NONE = "none"


def _check_views(names: str) -> str:
    if names == _NONE:
        return names
    shapes = _parse_shapes(names)
    if not shapes:
        raise ValueError(f"must be {_NONE}, or shapes such as list+status, separated by commas")
    if len(shapes) > MAX_SHAPES:
        raise ValueError(f"must have at most {MAX_SHAPES} shapes, not {len(shapes)}")
    return names


def _parse_shapes(names: str) -> Shapes:
    """Return each shape with all orders that its declarations name."""
    shapes: dict[Shape, Orders] = {}
    for shape, orders in map(parse_declaration, split_list(names)):
        shapes[shape] = tuple(sorted({*shapes.get(shape, ()), *orders}))
    return shapes


class ViewSettings(BaseSettings):
    """The setting that declares views, as a part of the settings."""

    views: Annotated[str, AfterValidator(_check_views)] = Field(
        default=",".join(map(shape_name, DEFAULT_SHAPES)),
        description="Filters of tasks that Redis answers with exact totals, separated by commas: list, assignee, "
        f"label, priority and status, up to three of them combined with +; {_NONE} for none. Further orders follow "
        "after a colon: list:due, list:priority or list:due+priority. "
        "Default: list, list+status, assignee, assignee+status and label.",
    )

    @property
    def shapes(self) -> Shapes:
        """The shapes of the declared views with their orders. A shape that every index has needs an order."""
        shapes = {} if self.views == _NONE else _parse_shapes(self.views)
        return {shape: orders for shape, orders in shapes.items() if orders or shape not in BASE_SHAPES}
