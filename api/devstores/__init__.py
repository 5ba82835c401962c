"""PostgreSQL and Redis from PyPI's wheels, so that nothing has to be installed."""

from api.devstores.errors import StoreError
from api.devstores.stores import EmbeddedStores, StoreUrls, find, find_database, remove_data

__all__ = ["EmbeddedStores", "StoreError", "StoreUrls", "find", "find_database", "remove_data"]
