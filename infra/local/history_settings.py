"""Hot window and settle time of the local stage in seconds, so that a user can watch snapshots move."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from infra import names
from infra.errors import LocalStageError

SECONDS_MAX: Final = 5_184_000
SECONDS_FORM: Final = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """Values by names of the functions' variables; a variable that is not given has the template's value."""

    given: Mapping[str, str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read RISK_HUB_HOT_SECONDS and RISK_HUB_MOVE_SETTLE_SECONDS.

        Raises:
            LocalStageError: a value is not a number of seconds.
        """
        found = {name: environment.get(name) or "" for name in (names.HOT_SECONDS, names.MOVE_SETTLE_SECONDS)}
        for name, text in found.items():
            if text and (SECONDS_FORM.fullmatch(text) is None or not 1 <= int(text) <= SECONDS_MAX):
                raise LocalStageError(
                    f"{name}={text} is not a time. Give a whole number of seconds from 1 to {SECONDS_MAX}."
                )
        return cls({name: text for name, text in found.items() if text})
