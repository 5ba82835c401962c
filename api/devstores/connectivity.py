"""Check that the database can be reached, with error messages that contain no password."""

import psycopg

from api.devstores.errors import StoreSetupError
from db.address import MalformedUrl, any_server_options
from db.errors import store_message


def check_database(url: str) -> None:
    """Connect to the database once. Raises `StoreSetupError` if that fails."""
    try:
        psycopg.connect(url, **any_server_options(url)).close()
    except MalformedUrl as error:
        raise StoreSetupError(str(error)) from None
    except psycopg.Error as error:
        raise StoreSetupError(f"cannot use the database at DATABASE_URL: {store_message(error)}") from None
