"""How long a workspace that is not used keeps its index."""


def used_seconds(index_idle_seconds: float) -> float:
    """Return how long after its last use a workspace keeps its index in any case.

    Use is recorded in quarters of `index_idle_seconds`, so an index may be dropped a quarter earlier.
    """
    return index_idle_seconds * 0.75
