"""Messages for people."""

import sys


def print_message(text: str) -> None:
    """Write a message to stderr. Logs go to stdout."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
