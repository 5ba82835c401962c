"""The GraphQL layer: types, resolvers, limits and execution. Calls the store; contains no SQL and no Redis commands."""
