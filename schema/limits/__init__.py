"""Limits on the shape and the cost of an operation."""
