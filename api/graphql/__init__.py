"""Run GraphQL requests, independently of the transport."""
