"""Bulk loader: creates tasks in a running service through its GraphQL API."""
