"""What can go wrong with a store, told to people."""


class StoreError(Exception):
    """A store cannot be started or reached; the message is one line, without a password."""
