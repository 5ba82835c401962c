"""Redis: the sorted index, the entries, and the protocol that keeps both consistent with the rows."""
