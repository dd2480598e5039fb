"""Time order as text: the only definition of which of two snapshots is newer (INV-03).

A key is fixed-width UTC text, so that comparing keys as text compares instants, down to the microsecond:
`as_of|created_at|version`. The version is last, so its characters cannot change the order.
"""

import re
from datetime import datetime

from risk_hub_contracts.base.ids import ID_PATTERN
from risk_hub_contracts.base.times import format_instant

SEPARATOR = "|"
# The first and last printable ASCII characters. No key has them, so they sort before and after every key.
BEFORE_ALL = " "
AFTER_ALL = "~"
INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
TIME_ORDER = re.compile(rf"{INSTANT}\|{INSTANT}\|{ID_PATTERN[1:-1]}")
"""The form of every key of `time_order`."""


def time_order(as_of: datetime, created_at: datetime, version: str) -> str:
    """Return the key by which snapshots of one world are ordered, oldest first."""
    return SEPARATOR.join((format_instant(as_of), format_instant(created_at), version))


def with_stage_prefix(stage: str, key: str) -> str:
    """Return `key` with its stage as prefix, for keys of one stage."""
    return stage + SEPARATOR + key


def last_key_at(instant: datetime) -> str:
    """Return the upper bound, inclusive, of all keys that start with `instant`."""
    return format_instant(instant) + SEPARATOR + AFTER_ALL


def just_before(key: str) -> str:
    """Return an inclusive upper bound of all keys less than `key`."""
    return key[:-1] + chr(ord(key[-1]) - 1) + AFTER_ALL


def just_after(key: str) -> str:
    """Return an inclusive lower bound of all keys greater than `key`."""
    return key + BEFORE_ALL
