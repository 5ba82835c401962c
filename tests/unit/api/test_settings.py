"""Each setting is read, limited, explained and documented."""

import re
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError
from redis.connection import parse_url

from api.config.settings import PREFIX, Settings, SettingsError, load_settings, variable

DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)


def documented() -> dict[str, str]:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", DOCUMENT.read_text(), re.MULTILINE)
    return {name: default.strip("`") for name, default in rows}


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert set(documented()) == {variable(name) for name in Settings.model_fields}


def test_the_documented_defaults_are_the_defaults() -> None:
    for name, field in Settings.model_fields.items():
        unset = "embedded" if name.endswith("_url") else "unset"
        written = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        assert documented()[variable(name)] == (unset if field.default is None else written or "none")


def test_every_setting_has_a_description() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_no_other_file_reads_the_environment() -> None:
    root = DOCUMENT.parents[1]
    folders = ("api", "schema", "cache", "db")
    files = [file for folder in folders for file in (root / folder).rglob("*.py")]
    # The settings look for variables that are none; the supervisor hands the whole environment on to its workers.
    readers = {file.name for file in files if re.search(r"os\.environ|getenv", file.read_text())}
    assert readers <= {"settings.py", "supervisor.py"}


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://example.org/tasks")
    monkeypatch.setenv("MILLITASK_PORT", "9000")
    settings = load_settings()
    assert settings.database_url == "postgresql://example.org/tasks"
    assert settings.port == 9000


def test_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "")
    monkeypatch.setenv("MILLITASK_PORT", "")
    assert load_settings() == Settings()


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLITASK_PORT", "9000")
    assert load_settings(port=9001, host=None).port == 9001


def test_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        setattr(Settings(), "port", 9000)  # noqa: B010 - mypy knows better


def test_the_data_folder_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(data_dir="here").data_dir == tmp_path.resolve() / "here"


def test_a_child_reads_the_same_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(port=9000, workers=3, redis_url="unix:///tmp/x", shutdown_seconds=2.5, trace=False)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


@pytest.mark.parametrize(
    ("name", "value", "says"),
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
        ("RETENTION_DAYS", "0", "1"),
        ("RETENTION_DAYS", "3651", "3650"),
    ],
)
def test_a_bad_value_is_named_with_its_limit(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(PREFIX + name)
    assert says in message
    assert repr(value) in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("MILLITASK_WORKER", "did you mean MILLITASK_WORKERS?"),
        ("MILLITASK_STATEMENT_TIMEOUT", "did you mean MILLITASK_STATEMENT_TIMEOUT_MS?"),
        ("MILLITASK_DATADIR", "did you mean MILLITASK_DATA_DIR?"),
        ("millitask_prot", "did you mean MILLITASK_PORT?"),
        ("MILLITASK_XYZZY", "unset it (docs/settings.md"),
    ],
)
def test_a_variable_that_is_no_setting_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, says: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=f"^{name} is not a setting; ") as caught:
        load_settings()
    assert says in str(caught.value)


def test_each_thing_to_mend_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLITASK_PROT", "1")
    monkeypatch.setenv("MILLITASK_WORKER", "1")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert [line.split()[0] for line in str(caught.value).splitlines()] == ["MILLITASK_PROT", "MILLITASK_WORKER"]


def test_what_is_empty_or_has_another_name_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLITASK_XYZZY", "")
    monkeypatch.setenv("MILLITASKS", "1")
    monkeypatch.setenv("millitask_port", "9000")
    assert load_settings().port == 9000


def test_the_timeouts_are_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLITASK_STATEMENT_TIMEOUT_MS", "20000")
    with pytest.raises(SettingsError, match=r"TRANSACTION_TIMEOUT_MS \(10000\).*\(20000\)"):
        load_settings()


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_url_is_never_repeated(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "mysql://me:sesame@example.org/tasks")
    with pytest.raises(SettingsError, match=f"^{name} must start with ") as caught:
        load_settings()
    assert "sesame" not in str(caught.value)
    monkeypatch.setenv(name, {"DATABASE_URL": "postgresql", "REDIS_URL": "redis"}[name] + "://:sesame@h")
    assert "sesame" not in repr(load_settings())


def password_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, url: str, text: str | bytes) -> Path:
    file = tmp_path / "password"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    monkeypatch.setenv(f"{name}_URL", url)
    monkeypatch.setenv(f"{PREFIX}{name}_PASSWORD_FILE", str(file))
    return file


@pytest.mark.parametrize(
    ("name", "url", "address"),
    [
        ("DATABASE", "postgresql://me@h:5432/tasks?sslmode=require", "postgresql://me:{}@h:5432/tasks?sslmode=require"),
        ("DATABASE", "postgresql:///tasks?host=/run&user=me", "postgresql://:{}@/tasks?host=/run&user=me"),
        ("DATABASE", "postgresql://me@one,two/tasks", "postgresql://me:{}@one,two/tasks"),
        ("REDIS", "redis://h:6379/1", "redis://:{}@h:6379/1"),
        ("REDIS", "rediss://me@h", "rediss://me:{}@h"),
        ("REDIS", "unix:///run/redis.sock?db=2", "unix://:{}@/run/redis.sock?db=2"),
    ],
)
def test_a_password_can_stand_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, url: str, address: str
) -> None:
    password_file(monkeypatch, tmp_path, name, url, "s@:/?#%é same\n")
    settings = load_settings()
    found = settings.database_address if name == "DATABASE" else settings.redis_address
    assert found == address.format("s%40%3A%2F%3F%23%25%C3%A9%20same")
    assert "same" not in repr(settings)
    assert "same" not in str(settings.environment())


def test_the_clients_take_the_password_for_what_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    password = "s@:/?#%25 é"
    password_file(monkeypatch, tmp_path, "DATABASE", "postgresql:///tasks?host=/run&user=me", password)
    monkeypatch.setenv("REDIS_URL", "unix://me@/run/redis.sock?db=2")
    monkeypatch.setenv("MILLITASK_REDIS_PASSWORD_FILE", str(tmp_path / "password"))
    settings = load_settings()
    assert settings.database_address is not None
    assert settings.redis_address is not None
    database = conninfo_to_dict(settings.database_address)
    assert database == {"password": password, "user": "me", "host": "/run", "dbname": "tasks"}
    redis = parse_url(settings.redis_address)  # type: ignore[no-untyped-call]
    assert (redis["username"], redis["password"], redis["path"]) == ("me", password, "/run/redis.sock")


@pytest.mark.parametrize("name", ["DATABASE", "REDIS"])
@pytest.mark.parametrize(
    ("user", "text", "says"),
    [
        ("", "", "which is empty"),
        ("", b"\xff", "it is not UTF-8"),
        ("me:sesame@", "sesame", "leave it out of one of them"),
    ],
)
def test_a_password_file_that_is_no_use_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, user: str, text: str | bytes, says: str
) -> None:
    scheme = {"DATABASE": "postgresql", "REDIS": "redis"}[name]
    password_file(monkeypatch, tmp_path, name, f"{scheme}://{user}h/0", text)
    with pytest.raises(SettingsError, match=f"^{name}_URL ") as caught:
        load_settings()
    assert says in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_a_password_file_that_is_missing_or_has_no_url_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    password_file(monkeypatch, tmp_path, "REDIS", "redis://h", "sesame").unlink()
    with pytest.raises(SettingsError, match=r"^REDIS_URL needs the password in .*: no such file"):
        load_settings()
    monkeypatch.delenv("REDIS_URL")
    with pytest.raises(SettingsError, match=r"^REDIS_URL is not set, but MILLITASK_REDIS_PASSWORD_FILE is"):
        load_settings()
