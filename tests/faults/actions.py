"""The actions of the clients, each a method of `Workload`, with the share of each."""

# The share of each action, in percent.
ACTIONS = {
    "read": 20,
    "read_many": 8,
    "page": 7,
    "start": 3,
    "same_page": 10,
    "walk": 7,
    "find": 3,
    "update": 15,
    "move": 2,
    "update_many": 3,
    "finish": 4,
    "delete": 4,
    "delete_many": 1,
    "restore": 6,
    "create_again": 4,
    "create_many": 1,
    "replace": 2,
}
# More reads by id and updates, for races on single entries.
HOT_ACTIONS = {
    "read": 45, "read_many": 3, "walk": 8, "update": 23, "update_many": 3, "delete": 4, "restore": 6, "create_again": 8
}  # fmt: skip
# For races on cached pages.
SAME_PAGE_ACTIONS = {
    "same_page": 30, "read": 25, "update": 25, "delete": 4, "restore": 4, "create_many": 8, "replace": 4
}  # fmt: skip
# For races on the start of a declared order.
START_ACTIONS = {"start": 20, "move": 60, "update": 20}
READS = frozenset(("read", "read_many", "page", "start", "same_page", "walk", "find"))
