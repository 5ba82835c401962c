"""Groups of commands of `python -m api`."""
