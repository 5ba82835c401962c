"""The gate: whether this process may use Redis, and the watcher that advances its state."""
