"""Embedded stores: PostgreSQL and Redis from PyPI wheels, for development without an installation."""

from api.devstores.errors import StoreSetupError
from api.devstores.stores import EmbeddedStores, StoreUrls, find_database_url, find_stores, remove_data

__all__ = ["EmbeddedStores", "StoreSetupError", "StoreUrls", "find_database_url", "find_stores", "remove_data"]
