"""Limits on operations: tokens, depth, aliases, directives, repeated fields and cost."""
