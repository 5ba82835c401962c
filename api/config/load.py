"""Read the settings from the environment, and explain values that are not valid."""

import os
from typing import Any

from pydantic import ValidationError

from api.config.limits import PREFIX
from api.config.open_telemetry import TraceSettings, read_trace_settings
from api.config.settings import URL_VARIABLES, Settings, SettingsError, variable
from api.config.unknown_settings import unknown_settings

# In place of the messages of pydantic that contain a regular expression.
_PATTERNS = {
    "hive_target": "must be organization/project/target, or the id of a target",
    "oidc_request_scopes": "must begin with the scope openid",
}


def load_settings(**overrides: Any) -> Settings:
    """Return the settings of the environment; an override that is not None (a command's option) takes precedence.

    Raises `SettingsError`.
    """
    known = [variable(field) for field in Settings.model_fields if field not in URL_VARIABLES]
    given = [name for name, value in os.environ.items() if value]  # an empty variable counts as unset
    if problems := unknown_settings(PREFIX, given, known):
        raise SettingsError("\n".join(problems))
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(dict(item)) for item in error.errors())) from None


def load_trace_settings() -> TraceSettings | None:
    """Return how the environment asks for traces, by the standard variables of OpenTelemetry. None if it does not."""
    return read_trace_settings(os.environ)


def _explain(item: dict[str, Any]) -> str:
    """Return a line that names the variable, what is wrong and the given value."""
    message = str(item["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    if not item["loc"]:
        return message
    name = str(item["loc"][0])
    if item["type"].startswith("bool_"):
        message = "must be true or false"
    elif item["type"] == "string_pattern_mismatch":
        message = _PATTERNS.get(name, message)
    # A URL can contain a password and a DSN has a key, so the message does not repeat it.
    given = "" if name in URL_VARIABLES.values() or name == "sentry_dsn" else f" (given: {str(item['input'])!r})"
    name = name if name in URL_VARIABLES.values() else variable(name)
    return f"{name} {message[0].lower()}{message[1:]}{given}"
