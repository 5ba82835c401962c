"""Relay's `Node` interface."""

import strawberry


@strawberry.interface(description="An object with a globally unique id.")
class Node:
    id: strawberry.ID = strawberry.field(description="The id: a UUIDv7, unique across all objects.")
