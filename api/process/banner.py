"""The banner that `serve` prints when the service is ready."""

from urllib.parse import urlsplit

from api.config.settings import Settings


def banner(settings: Settings, address: str, startup_seconds: float) -> str:
    """Return three lines: the URLs of the page and of the API, and where the data is, without users and passwords."""
    built = (settings.page_dir / "index.html").is_file()
    page = f"http://{address}" if built else f"http://{address} (the web page is not built: run make page)"
    playground = " (with the playground)" if settings.development and built else ""
    tasks = _location(settings, settings.database_url, "postgres")
    index = _location(settings, settings.redis_url, "run")
    return (
        f"Millitask is ready after {startup_seconds:.1f} s: {page}\n"
        f"GraphQL{playground}: http://{address}/graphql\n"
        f"Tasks: PostgreSQL {tasks}; index: Redis {index}"
    )


def _location(settings: Settings, url: str | None, folder: str) -> str:
    if url is None:
        return f"in {settings.data_dir / folder}"
    parts = urlsplit(url)
    return f"at {parts.netloc.rpartition('@')[2]}{parts.path}"
