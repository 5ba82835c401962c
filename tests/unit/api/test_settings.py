"""Tests the settings: values, limits, messages and documentation."""

import re
from itertools import combinations
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.config.limits import PREFIX
from api.config.load import load_settings
from api.config.settings import Settings, SettingsError, variable
from db.views import DEFAULT_SHAPES, DIMENSIONS, Shapes

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"


def documented() -> dict[str, str]:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", DOCUMENT.read_text(), re.MULTILINE)
    return {name: default.strip("`") for name, default in rows}


def test_exactly_the_settings_are_documented() -> None:
    assert set(documented()) == {variable(name) for name in Settings.model_fields}


def test_documented_defaults_are_correct() -> None:
    for name, field in Settings.model_fields.items():
        unset = "embedded" if name in ("database_url", "redis_url") else "unset"
        written = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        assert documented()[variable(name)] == (unset if field.default is None else written or "none")


def test_every_setting_has_a_description_with_its_default() -> None:
    assert all("Default: " in (field.description or "") for field in Settings.model_fields.values())


def test_only_api_config_reads_the_environment() -> None:
    root = DOCUMENT.parents[2]
    folders = ("api", "schema", "cache", "db")
    files = [file for folder in folders for file in (root / folder).rglob("*.py")]
    # Only load.py, which finds unknown settings, and what starts workers and stores, read the environment.
    readers = {file.name for file in files if re.search(r"os\.environ|getenv", file.read_text())}
    assert readers <= {"load.py", "supervisor.py", "server.py"}


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://example.org/tasks")
    monkeypatch.setenv("MILLITASK_PORT", "9000")
    settings = load_settings()
    assert settings.database_url == "postgresql://example.org/tasks"
    assert settings.port == 9000


def test_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "")
    monkeypatch.setenv("MILLITASK_PORT", "")
    assert load_settings() == Settings()


def test_option_takes_precedence_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLITASK_PORT", "9000")
    assert load_settings(port=9001, host=None).port == 9001


def test_settings_are_immutable() -> None:
    with pytest.raises(ValidationError):
        setattr(Settings(), "port", 9000)  # noqa: B010 - mypy rejects a plain assignment


def test_data_folder_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(data_dir="here").data_dir == tmp_path.resolve() / "here"


def test_child_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(port=9000, workers=3, redis_url="unix:///tmp/x", shutdown_seconds=2.5, trace=False)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("PORT", "0", "1"),
        ("PORT", "65536", "65535"),
        ("PORT", "eighty", "integer"),
        ("WORKERS", "0", "1"),
        ("WORKERS", "65", "64"),
        ("REDIS_MAXMEMORY", "1tb", "number of bytes"),
        ("REDIS_MAXMEMORY", "15mb", "16mb"),
        ("LOG_LEVEL", "loud", "'debug'"),
        ("LOG_FORMAT", "xml", "'json'"),
        ("MAX_REQUESTS_IN_FLIGHT", "0", "1"),
        ("MAX_BODY_BYTES", "1023", "1024"),
        ("DATABASE_POOL_SIZE", "1001", "1000"),
        ("STATEMENT_TIMEOUT_MS", "0", "1"),
        ("TRANSACTION_TIMEOUT_MS", "3600001", "3600000"),
        ("SHUTDOWN_SECONDS", "-1", "0"),
        ("DRAIN_SECONDS", "-1", "0"),
        ("RETENTION_DAYS", "0", "1"),
        ("RETENTION_DAYS", "3651", "3650"),
        ("USAGE", "maybe", "must be true or false"),
        ("VIEWS", "list,owner", '"owner" is no dimension'),
        ("VIEWS", "list+list", "names a dimension twice"),
        ("VIEWS", "list+label+assignee+status", "more than 3 dimensions"),
        ("VIEWS", ",", "shapes such as list+status"),
        ("VIEWS", "list:title", '"title" is no order'),
        ("VIEWS", "list:", '"" is no order'),
        ("VIEWS", "all:due", '"all" is no dimension'),
        ("HIVE_TARGET", "shop", "must be organization/project/target"),
        ("OIDC_REQUEST_SCOPES", "email", "must begin with the scope openid"),
    ],
)
def test_invalid_value_is_reported_with_its_limit(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, limit: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(PREFIX + name)
    assert limit in message
    assert repr(value) in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("views", "shapes"),
    [
        ("", DEFAULT_SHAPES),
        ("none", {}),
        ("label", {("label",): ()}),
        (" status+list , assignee,list+status", {("list", "status"): (), ("assignee",): ()}),
        ("status,priority", {("priority",): ()}),  # every index has the views of a status
        ("status:due", {("status",): ("DUE_FIRST",)}),
        ("list: priority + due ,list", {("list",): ("DUE_FIRST", "PRIORITY_FIRST")}),
        ("list:due,list:priority,label:due", {("list",): ("DUE_FIRST", "PRIORITY_FIRST"), ("label",): ("DUE_FIRST",)}),
    ],
)
def test_shapes_of_declared_views(monkeypatch: pytest.MonkeyPatch, views: str, shapes: Shapes) -> None:
    monkeypatch.setenv("MILLITASK_VIEWS", views)
    assert load_settings().shapes == shapes


def test_number_of_shapes_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = ["+".join(shape) for number in (1, 2, 3) for shape in combinations(DIMENSIONS, number)]
    monkeypatch.setenv("MILLITASK_VIEWS", ",".join(shapes[:16]))
    assert len(load_settings().shapes) == 15
    monkeypatch.setenv("MILLITASK_VIEWS", ",".join(shapes[:17]))
    with pytest.raises(SettingsError, match="at most 16 shapes, not 17"):
        load_settings()


def test_transaction_timeout_must_not_be_less_than_statement_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLITASK_STATEMENT_TIMEOUT_MS", "20000")
    with pytest.raises(SettingsError, match=r"TRANSACTION_TIMEOUT_MS \(10000\).*\(20000\)"):
        load_settings()


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_message_never_repeats_a_url(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "mysql://me:sesame@example.org/tasks")
    with pytest.raises(SettingsError, match=f"^{name} must start with ") as caught:
        load_settings()
    assert "sesame" not in str(caught.value)
    monkeypatch.setenv(name, {"DATABASE_URL": "postgresql", "REDIS_URL": "redis"}[name] + "://:sesame@h")
    assert "sesame" not in repr(load_settings())


def test_message_never_repeats_a_dsn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "SENTRY_DSN", "http://sesame@example.org/1")
    with pytest.raises(SettingsError, match="SENTRY_DSN must be a URL") as caught:
        load_settings()
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "origins",
    [
        *("*", "example.com", "https://example.com/", "https://a.b,,", "https://a.b/c", "https://a b", "://a"),
        *("https://*", "https://*.com", "https://a.*.com", "https://*a.b.com", "file://host"),
    ],
)
def test_invalid_origin_is_refused(origins: str) -> None:
    with pytest.raises(ValueError, match="must be origins"):
        Settings(cors_origins=origins)


@pytest.mark.parametrize(
    "hosts", ["https://a.b", "a.b:8000", "a.b/", "*.a.b", "a b", "a.b,,c.d", "a.b,", "http://localhost", "ä.b"]
)
def test_invalid_host_name_is_refused(hosts: str) -> None:
    with pytest.raises(ValueError, match="without https://, port or path"):
        Settings(hosts=hosts)


@pytest.mark.parametrize(
    "hosts", ["", "*", "tasks.example.com", "Tasks.Example.com, db_1", "xn--4ca.b", "10.0.0.1,[::1]"]
)
def test_host_names_are_accepted(hosts: str) -> None:
    assert Settings(hosts=hosts).hosts == hosts


def test_null_is_refused_as_an_origin() -> None:
    with pytest.raises(ValueError, match="any site"):
        Settings(cors_origins="https://a.b,null")


@pytest.mark.parametrize("names", ["x y", "authorization,", "authorization:"])
def test_invalid_header_name_is_refused(names: str) -> None:
    with pytest.raises(ValueError, match="must be names of headers"):
        Settings(cors_headers=names)


def test_trusted_only_needs_a_manifest() -> None:
    with pytest.raises(ValueError, match="MILLITASK_TRUSTED_DOCUMENTS"):
        Settings(trusted_only=True)
