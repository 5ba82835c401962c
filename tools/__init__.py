"""Commands for developers. None of them needs a running service."""
