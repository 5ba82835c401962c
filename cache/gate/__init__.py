"""The gate: whether a process may use Redis."""
