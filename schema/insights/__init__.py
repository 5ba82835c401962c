"""Usage analytics: what is computed from the stored counts, for GraphQL and for the command `advise`."""
