"""Errors of the store: Redis or its index cannot be used, or the state of a task forbids a write.

The first line of a class's docstring is the message that a client gets when no other is given.
"""

from collections.abc import Sequence

from db.task import Task
from db.task_lists import TaskList


class StoreError(Exception):
    """The store cannot do what was requested."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "")


class StoreUnavailable(StoreError):
    """The store cannot answer at the moment. Nothing was changed. Try again."""


class CacheUnavailable(StoreUnavailable):
    """Redis cannot be reached at the moment. Nothing was changed. Try again."""


class RedisFull(CacheUnavailable):
    """Redis is out of memory: the index does not fit. Raise maxmemory."""


class IndexLost(StoreUnavailable):
    """Redis has lost the index of the tasks. Nothing was changed. Try again."""


class OrderMoving(StoreUnavailable):
    """A concurrent write is moving a task in this order. PostgreSQL has to answer this page."""


class ShapeUnbuilt(StoreUnavailable):
    """The sets of this view are not in use. PostgreSQL has to answer this read."""


class CreatesUnsettled(StoreUnavailable):
    """Bulk creates are in flight. PostgreSQL has to tell which of them were committed."""

    def __init__(self, transactions: Sequence[bytes] = ()) -> None:
        super().__init__()
        self.transactions = transactions


class OtherRedis(IndexLost):
    """This Redis is not the server that holds the index. Nothing was changed. Try again."""


class UnfitRedis(StoreUnavailable):
    """The configuration of this Redis is not safe to use."""


class GateClosing(StoreUnavailable):
    """The service is switching to PostgreSQL without Redis. Nothing was changed. Try again."""


class Refused(StoreError):
    """The state of the task forbids this write. Nothing was changed."""


class TaskNotFound(Refused):
    """The task does not exist, was deleted, or has expired."""


class TaskPurged(TaskNotFound):
    """There is no task with this id. If it was deleted, it has been purged and cannot be restored."""


class TaskExpired(TaskNotFound):
    """The task has expired. An expired task cannot be restored. Create a new one."""


class IdTaken(Refused):
    """This id belongs to a task that was deleted or has expired. Ids are not reused."""


class ExternalIdTaken(Refused):
    """This externalId belongs to a task that was deleted or has expired. Restore it, or use another externalId."""


class ListNotFound(Refused):
    """There is no task list with this id."""


class ListArchived(Refused):
    """This list is archived and takes no tasks. Unarchive it with updateTaskList, or use another list."""


class ExpiryPassed(Refused):
    """The expiry of the task lies in the past."""


class CreatedInFuture(Refused):
    """The creation time of the task lies in the future."""


class NotDone(Refused):
    """Another item was refused, so no item was applied."""


class VersionConflict(Refused):
    """The task is not at the expected version."""

    def __init__(self, current: Task) -> None:
        super().__init__(f"The task is at version {current.version}.")
        self.current = current


class ListVersionConflict(Refused):
    """The list is not at the expected version."""

    def __init__(self, current: TaskList) -> None:
        super().__init__(f"The list is at version {current.version}.")
        self.current = current


class TooMuchRead(Exception):
    """A request has read more bytes of tasks than a response may have."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The operation reads more than {limit_bytes:,} bytes of tasks. Request fewer tasks.")
        self.limit_bytes = limit_bytes
