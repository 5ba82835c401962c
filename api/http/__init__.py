"""HTTP: the GraphQL endpoint, middleware, health checks, metrics and the web page."""
