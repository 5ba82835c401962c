"""GraphQL requests, independent of their transport."""
