"""Estimates what a number of tasks and requests needs, from measured costs: `python -m tools.sizing`."""
