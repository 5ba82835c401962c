"""HTTP: the GraphQL endpoint, middleware, the web page, health and metrics."""
