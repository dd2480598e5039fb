"""Requests to the relay to announce given records again."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from infra.recovery.failed_keys import REPORT_KEY, VERSION_KEY, Key

REQUEST_MAX_RECORDS: Final = 100
REQUEST_FIELDS: Final = {VERSION_KEY: "versions", REPORT_KEY: "evaluations"}


def replay_requests(keys: Sequence[Key], most: int) -> Iterator[dict[str, Any]]:
    """Yield the relay's requests for these records: one world and kind each, at most `most` records."""
    for (world, attribute), group in groupby(sorted(keys), key=lambda key: (key.world_id, key.attribute)):
        values = [key.value for key in group]
        for start in range(0, len(values), most):
            yield {"world_id": world, REQUEST_FIELDS[attribute]: values[start : start + most]}
