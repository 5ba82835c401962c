"""The setting that declares views."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from api.config.values import split_list
from db.views import BASE_SHAPES, DEFAULT_SHAPES, Shape, parse_shape, shape_name

MAX_SHAPES = 16
_NONE = "none"


def _check_views(names: str) -> str:
    if names == _NONE:
        return names
    shapes = [parse_shape(name) for name in split_list(names)]
    if not shapes:
        raise ValueError(f"must be {_NONE}, or shapes such as list+status, separated by commas")
    if len(set(shapes)) > MAX_SHAPES:
        raise ValueError(f"must have at most {MAX_SHAPES} shapes, not {len(set(shapes))}")
    return names


class ViewSettings(BaseSettings):
    """The setting that declares views, as a part of the settings."""

    views: Annotated[str, AfterValidator(_check_views)] = Field(
        default=",".join(map(shape_name, DEFAULT_SHAPES)),
        description="Filters of tasks that Redis answers with exact totals, separated by commas: list, assignee, "
        f"label, priority and status, up to three of them combined with +; {_NONE} for none. "
        "Default: list, list+status, assignee, assignee+status and label.",
    )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of the declared views, each once, without those that every index has."""
        names = [] if self.views == _NONE else split_list(self.views)
        return tuple(dict.fromkeys(shape for shape in map(parse_shape, names) if shape not in BASE_SHAPES))
