"""The error of the embedded stores."""


class StoreSetupError(Exception):
    """A store cannot be started or reached. The message is one line for people and contains no password."""
