"""What `serve` tells people once it is ready: in three lines, where everything is."""

from urllib.parse import urlsplit

from api.config.settings import Settings


def greeting(settings: Settings, address: str, seconds: float) -> str:
    """The three lines; the addresses of stores are told without users and passwords."""
    built = (settings.page_dir / "index.html").is_file()
    page = f"http://{address}" if built else f"http://{address} (no page is built: make page)"
    playground = " (and the playground)" if settings.development and built else ""
    tasks = _place(settings, settings.database_url, "postgres")
    index = _place(settings, settings.redis_url, "run")
    return (
        f"Millitask is ready after {seconds:.1f} s: {page}\n"
        f"GraphQL{playground}: http://{address}/graphql\n"
        f"Tasks: PostgreSQL {tasks}; index: Redis {index}"
    )


def _place(settings: Settings, url: str | None, folder: str) -> str:
    if url is None:
        return f"in {settings.data_dir / folder}"
    parts = urlsplit(url)
    return f"at {parts.netloc.rpartition('@')[2]}{parts.path}"
