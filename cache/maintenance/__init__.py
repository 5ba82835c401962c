"""Background work: rebuild, scrub, audit, purge, words."""
