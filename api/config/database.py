"""How the settings limit the use of the database."""

from api.config.settings import Settings
from db.limits import DatabaseLimits


def database_limits(settings: Settings) -> DatabaseLimits:
    """Return the limits of one worker."""
    return DatabaseLimits(
        pool_size=settings.database_pool_size,
        statement_timeout_ms=settings.statement_timeout_ms,
        transaction_timeout_ms=settings.transaction_timeout_ms,
        requests_in_flight=settings.max_requests_in_flight,
        shared_sessions=settings.database_pooling == "transaction",
    )
