"""What can go wrong in the store: Redis away, or a write that is refused."""

from db.task import Task


class StoreError(Exception):
    """The store cannot do what was asked."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "")


class StoreUnavailable(StoreError):
    """The store cannot answer at the moment; nothing was changed. Try again."""


class CacheUnavailable(StoreUnavailable):
    """Redis cannot be reached at the moment; nothing was changed. Try again."""


class RedisFull(CacheUnavailable):
    """Redis is full, and of what must not be evicted: the index needs more than its maxmemory. Raise that."""


class IndexLost(StoreUnavailable):
    """Redis has lost the index of the tasks; nothing was changed. Try again."""


class OrderMoving(StoreUnavailable):
    """A task is about to stand elsewhere, or does by now: only PostgreSQL can tell the order at this moment."""


class OtherRedis(IndexLost):
    """This Redis is not the one that the index was built in; nothing was changed. Try again."""


class UnfitRedis(StoreUnavailable):
    """This Redis must not be used as it is set."""


class GateClosing(StoreUnavailable):
    """The service is about to go on without Redis; nothing was changed. Try again."""


class Refused(StoreError):
    """A write that the state of the task forbids; nothing was changed."""


class TaskNotFound(Refused):
    """There is no such task, or it was deleted, or it has expired."""


class IdTaken(Refused):
    """The id belongs to a task that was deleted or has expired, and stays taken."""


class ExpiryPassed(Refused):
    """The task would have expired already."""


class NotDone(Refused):
    """Another item was refused, so nothing was done."""


class VersionConflict(Refused):
    """The task is not at the version that the writer expected."""

    def __init__(self, current: Task) -> None:
        super().__init__(f"The task is at version {current.version}.")
        self.current = current
