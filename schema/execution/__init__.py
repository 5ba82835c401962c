"""How Strawberry parses, validates and executes a document."""
