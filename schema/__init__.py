"""GraphQL: types, resolvers, limits. Knows the store, and neither Redis nor SQL."""

from schema.build import build, sdl

__all__ = ["build", "sdl"]
