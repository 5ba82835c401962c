"""Speaks GraphQL over HTTP to a running service: the bulk loader and the benchmarks."""
