"""Redis: connection, keys, entries, indexes, and the scripts of the protocol."""
