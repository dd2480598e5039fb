"""Remove one grant, record what fails, and restore it, for each requested grant."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from infra.local.bring_up import RunningStage, start_stage
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from tools.grants.lambda_needs import lambda_needs
from tools.grants.roles import Grant, Roles
from tools.grants.table import SCENARIOS, Scenario
from tools.grants.workbench import Workbench, disable_event_sources

SHOWN_MAX_CHARS = 160
LAMBDA_ITSELF = "Lambda itself"


@dataclass(frozen=True, slots=True)
class Row:
    """The evidence for one grant.

    Attributes:
        scenario_text: what was tried without the grant.
        failure: how the attempt failed; None if nothing failed.
    """

    grant: Grant
    scenario_text: str
    failure: str | None

    @property
    def needed_by_function(self) -> bool:
        """Whether the function itself ran; otherwise IAM policy evaluation was asked about Lambda's action."""
        return self.scenario_text != LAMBDA_ITSELF


class Experiment:
    """The grants of one stage, and what fails without each of them."""

    def __init__(self, stage: RunningStage) -> None:
        self._bench = Workbench(stage)
        self._roles = Roles(stage.aws, self._bench.bucket_names)
        self._needs = lambda_needs(stage.aws, self._roles)
        self._bench.disable_reaper_grace()
        self._bench.disable_hot_window()
        disable_event_sources(stage)

    def grants(self) -> list[Grant]:
        """Return every grant."""
        return self._roles.grants()

    def unexplained(self) -> set[Grant]:
        """Return the grants that nothing here needs, and the needs that are not granted."""
        return set(self.grants()) ^ {*_scenario_grants(), *self._needs}

    def check_scenarios_pass(self, grants: Iterable[Grant]) -> None:
        """Run these grants' scenarios with all grants in place: otherwise a failure would prove nothing."""
        for scenario in {found for grant in grants if (found := _scenario(grant)) is not None}:
            scenario(self._bench)
        for grant, resource in self._needs.items():
            assert self._roles.allows(grant.folder, grant.action, resource), grant

    def without(self, grant: Grant) -> Row:
        """Return what happens while a grant is removed."""
        scenario = _scenario(grant)
        with self._roles.without(grant):
            if scenario is None:
                allowed = self._roles.allows(grant.folder, grant.action, self._needs[grant])
                return Row(grant, LAMBDA_ITSELF, None if allowed else "implicitly denied")
            try:
                scenario(self._bench)
            except AssertionError as error:
                return Row(grant, _description(scenario), _first_words(error))
        return Row(grant, _description(scenario), None)


@contextmanager
def experiment(console: Console) -> Iterator[Experiment]:
    """Open a separate stage on which policies are enforced and no function runs automatically."""
    with tempfile.TemporaryDirectory() as home:
        settings = LocalSettings(Path(home) / "stage", ANY_FREE_PORT, ANY_FREE_PORT, enforce_iam=True)
        stage = start_stage(settings, console, detached=False, fresh=True)
        try:
            yield Experiment(stage)
        finally:
            stage.process.stop()


def _scenario_grants() -> Iterator[Grant]:
    for folder, rows in SCENARIOS.items():
        yield from (Grant(folder, action, where) for action, where in rows)


def _scenario(grant: Grant) -> Scenario | None:
    return SCENARIOS[grant.folder].get((grant.action, grant.where))


def _first_words(error: AssertionError) -> str:
    return str(error).replace("\n", " ")[:SHOWN_MAX_CHARS] or "a wrong answer"


def _description(scenario: Scenario) -> str:
    return (scenario.__doc__ or "").strip().rstrip(".")
