"""Tests how the variables of OpenTelemetry turn traces on, and what is said if traces cannot be sent."""

import random

import pytest
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased
from structlog.testing import capture_logs

from api.config import open_telemetry
from api.config.load import load_trace_settings
from api.config.open_telemetry import TraceSettings, read_trace_settings
from api.process.preflight import check_traces
from api.telemetry.sdk import DrawnIds
from api.telemetry.tracing import start_tracing

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}
RATIO = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SERVICE_NAME": "tasks"},
        ENDPOINT | {"OTEL_SDK_DISABLED": "TRUE"},
        ENDPOINT | {"OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_no_traces_are_asked_for(environment: dict[str, str]) -> None:
    assert read_trace_settings(environment) is None


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        (ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a"} | ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "OTEL_TRACES_EXPORTER"),
        (ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ],
)
def test_traces_are_asked_for(environment: dict[str, str], variable: str) -> None:
    assert read_trace_settings(environment) == TraceSettings(variable)


@pytest.mark.parametrize(
    ("more", "variable", "problem"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER", "Only the exporter otlp"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL", "Use the HTTP port of the collector"),
    ],
)
def test_unsupported_values_are_explained(more: dict[str, str], variable: str, problem: str) -> None:
    found = read_trace_settings(ENDPOINT | more)
    assert found is not None
    assert found.variable == variable
    assert problem in str(found.problem)


def test_missing_sdk_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_telemetry, "find_spec", lambda _: None)
    found = read_trace_settings(ENDPOINT)
    assert found is not None
    assert "pip install 'millitask[telemetry]'" in str(found.problem)


@pytest.mark.parametrize(
    ("sampler", "ratio"),
    [
        ({}, None),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, None),
        (RATIO, 1.0),
        (RATIO | {"OTEL_TRACES_SAMPLER_ARG": "0.25"}, 0.25),
        (RATIO | {"OTEL_TRACES_SAMPLER_ARG": "2"}, None),
        (RATIO | {"OTEL_TRACES_SAMPLER_ARG": "many"}, None),
    ],
)
def test_ratio_is_that_of_the_sampler(sampler: dict[str, str], ratio: float | None) -> None:
    found = read_trace_settings(ENDPOINT | sampler)
    assert found is not None
    assert found.ratio == ratio


def test_draw_decides_as_the_sampler_does() -> None:
    random.seed(1)
    ids, sampler = DrawnIds(0.1), TraceIdRatioBased(0.1)
    drawn = [ids.generate_trace_id() for _ in range(10_000) if ids.draw()]
    assert 900 < len(drawn) < 1100
    assert all(sampler.should_sample(None, id_, "").decision is Decision.RECORD_AND_SAMPLE for id_ in drawn)
    assert len({id_ >> 64 for id_ in drawn}) == len(drawn)
    assert not any(DrawnIds(0).draw() for _ in range(100))
    assert all(DrawnIds(ratio).draw() for ratio in (1, None) for _ in range(100))


def test_start_warns_if_traces_cannot_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}).items():
        monkeypatch.setenv(name, value)
    with capture_logs() as lines:
        check_traces()
    [line] = lines
    assert (line["event"], line["setting"]) == ("traces are not sent", "OTEL_EXPORTER_OTLP_PROTOCOL")
    assert start_tracing(load_trace_settings()) is None
