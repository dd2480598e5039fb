"""Exit signals: a closed list of reasons, and an open cause that says more."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from risk_hub_contracts.reports.exit_signal import ExitCause, ExitReason, ExitSignal
from tools.event_samples.emitted import emitted

SIGNAL: dict[str, Any] = emitted()["samples/exit_signal_emitted.json"]["data"]


def read(**changed: Any) -> ExitSignal:
    return ExitSignal.model_validate({**SIGNAL, **changed})


@pytest.mark.parametrize("reason", get_args(ExitReason))
def test_signal_without_a_cause_has_its_reason_as_the_cause(reason: str) -> None:
    stored = {name: value for name, value in SIGNAL.items() if name != "cause"} | {"reason": reason}
    signal = ExitSignal.model_validate(stored)
    assert (signal.reason, signal.cause, signal.is_all_clear) == (reason, reason, False)


@pytest.mark.parametrize("cause", [*get_args(ExitCause), "added_by_a_newer_release"])
def test_known_and_unknown_causes_are_read_and_written_unchanged(cause: str) -> None:
    signal = read(cause=cause)
    assert (signal.cause, signal.is_all_clear) == (cause, cause == "cleared")
    assert signal.model_dump(mode="json")["cause"] == cause


@pytest.mark.parametrize("reason", ["not_computed", "warned", "cleared", "", None])
def test_reason_outside_the_list_of_release_1_0_is_refused(reason: Any) -> None:
    with pytest.raises(ValidationError, match="reason"):
        read(reason=reason)


@pytest.mark.parametrize("cause", ["", "Not Computed", "not-computed", "cleared\n", None, 1])
def test_malformed_cause_is_refused(cause: Any) -> None:
    with pytest.raises(ValidationError, match="cause"):
        read(cause=cause)
