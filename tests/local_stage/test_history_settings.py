"""Settings of the local stage's hot window: read from the shell, and refused when they are not a time."""

import pytest

from infra.errors import LocalStageError
from infra.local.history_settings import HistorySettings

NAMES = ("RISK_HUB_HOT_SECONDS", "RISK_HUB_MOVE_SETTLE_SECONDS")


def test_window_and_settle_time_are_read_from_the_environment() -> None:
    given = {"RISK_HUB_HOT_SECONDS": "900", "RISK_HUB_MOVE_SETTLE_SECONDS": "15"}
    assert HistorySettings.from_environment({**given, "RISK_HUB_PORT": "0"}).given == given


@pytest.mark.parametrize("environment", [{}, dict.fromkeys(NAMES, "")])
def test_absent_or_empty_variables_leave_the_values_of_the_template(environment: dict[str, str]) -> None:
    assert HistorySettings.from_environment(environment).given == {}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["0", "-1", "1.5", "7d", "5184001", "99999999", "\u0661"])
def test_window_that_is_not_a_number_of_seconds_is_rejected_naming_the_variable(name: str, text: str) -> None:
    with pytest.raises(LocalStageError, match=f"{name}=.* is not a time. Give a whole number of seconds"):
        HistorySettings.from_environment({name: text})
