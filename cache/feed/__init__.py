"""The feed of committed changes."""
