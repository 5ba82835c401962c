"""Benchmarks: `make bench SUITE=…`. Each run appends its results to benchmarks/history/."""
