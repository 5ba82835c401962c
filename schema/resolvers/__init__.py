"""Resolvers of queries, mutations and subscriptions, and the checks of their arguments."""
