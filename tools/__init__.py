"""Commands for those who build Millitask: they need no running service."""
