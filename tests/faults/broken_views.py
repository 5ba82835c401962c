"""The scripts without one rule of declared views."""

_LEAVE_DECLARED = "if not stays[shape .. '\\0' .. key] then leave_view"
# Only losses of declared views show this variant.
UNTOUCHED = "the written tasks in a batch of a shape"
_IN_DOUBT = "redis.call('SADD', REORDERING, id)"
# Only pages in a declared order show this variant.
UNNOTED = "the ids whose place in an order is in doubt"
VIEW_VARIANTS: dict[str, dict[str, tuple[str, str]]] = {
    # A mark does not hold the declared views that the write leaves.
    "the old views at the mark": {"mark": ("union_of(views, left, ", "union_of(views, ")},
    # No publish removes a task from the declared views that it has left.
    "the way out of declared views": {"publish": (_LEAVE_DECLARED, "if false then leave_view")},
    # A mark moves a task in the declared orders, and pages show its new place before the commit.
    UNNOTED: {"mark": (_IN_DOUBT, "")},
    # A batch of a shape that is being built enters tasks as they were before a write.
    UNTOUCHED: {"enlist": ("local was_written = any_touched and", "local was_written = false and")},
}

# An older release maintains no declared views and stores no fence. Processes with this variant run beside others.
OLDER_RELEASE = "the scripts of an older release"
# Readers and writers trust the sets of declared views, also if others have written in between.
WITHOUT_FENCE = "the fence of declared views"
_WRITING = ("mark", "publish", "abort", "record", "settle", "scrub")
_FENCE = "if fence ~= (rev or redis.call('GET', REV)) then"
_READ_FENCE = ("found[1] ~= rev or not found[2]", "not found[2]")
FENCE_VARIANTS: dict[str, dict[str, tuple[str, str]]] = {
    OLDER_RELEASE: dict.fromkeys(
        _WRITING, ("local function read_shapes(maintained, rev)", "local function read_shapes() do return end")
    ),
    WITHOUT_FENCE: dict.fromkeys(_WRITING, (_FENCE, "if false then")) | dict.fromkeys(("page", "facets"), _READ_FENCE),
}
