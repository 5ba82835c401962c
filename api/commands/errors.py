"""Errors of commands."""


class CommandFailed(Exception):
    """A command that cannot do what was asked. The message says what to do."""
