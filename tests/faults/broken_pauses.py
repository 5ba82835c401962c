"""The pauses of the broken variants, in which other operations run."""

from tests.faults.broken_views import UNNOTED, UNTOUCHED

# Mean seconds before and after a step: between row and fill, mark and commit, commit and publish.
PAUSES = {"fill": (0.05, 0.0), "mark": (0.0, 0.01), "publish": (0.03, 0.0)}
# Of other variants: long enough to read a page between mark and commit, or between add and commit; and long
# enough for a whole write between a check and the answer.
PAUSES_OF_VARIANT = {
    UNTOUCHED: {"enlist": (0.1, 0.0)},
    UNNOTED: {"mark": (0.0, 0.2)},
    "marks at the caching of a page": {"mark": (0.0, 0.08), "publish": (0.08, 0.0)},
    "marks at the leases of a page": {"mark": (0.0, 0.08), "publish": (0.08, 0.0)},
    "bulk creates at the caching of a page": {"record": (0.0, 0.08)},
    "bulk creates in the scrub": {"settle": (3.0, 0.0)},
    "the sending of a check": {"check_page": (0.0, 0.03)},
}
