"""Resolvers: queries, mutations and subscriptions."""
