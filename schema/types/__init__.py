"""GraphQL types: what clients read and write."""
