"""The gate: whether this process may use Redis, and the watcher that moves the gate on."""
