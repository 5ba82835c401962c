"""Identity: who makes a request."""
