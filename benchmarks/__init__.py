"""Benchmarks: `make bench SUITE=…`."""
