"""The standard variables of OpenTelemetry, as far as the service reads them itself. The SDK reads the others."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import NamedTuple

INSTALL = "Install the extra: pip install 'millitask[telemetry]'."
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_EXPORTERS = "OTEL_TRACES_EXPORTER"
_DISABLED = "OTEL_SDK_DISABLED"
_SAMPLER, _SAMPLER_ARGUMENT = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
# The exporter and the protocol that the extra contains.
_EXPORTER, _PROTOCOL = "otlp", "http/protobuf"
_RATIO_SAMPLERS = ("traceidratio", "parentbased_traceidratio")


class TraceSettings(NamedTuple):
    """How traces are asked for.

    variable: the one that asks. problem: why none are sent, and what to do. ratio: the share of new traces that are
    sampled, None if another sampler decides.
    """

    variable: str
    problem: str | None = None
    ratio: float | None = None


def read_trace_settings(environment: Mapping[str, str]) -> TraceSettings | None:
    """Return how an environment asks for traces. None if it does not, or turns them off."""
    if environment.get(_DISABLED, "").strip().lower() == "true":
        return None
    exporters = environment.get(_EXPORTERS, "").strip().lower()
    if exporters == "none":
        return None
    variable = _EXPORTERS if exporters else next((name for name in _ENDPOINTS if environment.get(name)), None)
    if variable is None:
        return None
    protocol = next((name for name in _PROTOCOLS if environment.get(name)), None)
    if exporters not in ("", _EXPORTER):
        return TraceSettings(variable, f"Only the exporter {_EXPORTER} is supported, so no traces are sent.")
    if protocol is not None and environment[protocol].strip().lower() != _PROTOCOL:
        problem = f"Only {_PROTOCOL} is supported, so no traces are sent. Use the HTTP port of the collector, 4318."
        return TraceSettings(protocol, problem)
    if not _is_installed():
        return TraceSettings(variable, f"The SDK of OpenTelemetry is not installed, so no traces are sent. {INSTALL}")
    return TraceSettings(variable, ratio=_sampling_ratio(environment))


def _sampling_ratio(environment: Mapping[str, str]) -> float | None:
    if environment.get(_SAMPLER, "").strip().lower() not in _RATIO_SAMPLERS:
        return None
    try:
        ratio = float(environment.get(_SAMPLER_ARGUMENT) or 1)
    except ValueError:
        return None
    return ratio if 0 <= ratio <= 1 else None


def _is_installed() -> bool:
    names = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.exporter.otlp.proto.http")
    try:
        return all(find_spec(name) is not None for name in names)
    except ModuleNotFoundError:
        return False
