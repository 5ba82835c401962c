"""Redis: the sorted index, the entries, and the protocol that keeps them right."""
