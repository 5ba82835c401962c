"""Run GraphQL requests, whatever transport they came by."""
