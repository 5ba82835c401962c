"""Errors of commands."""


class CommandFailed(Exception):
    """A command that cannot do its work. The message says what to do."""
