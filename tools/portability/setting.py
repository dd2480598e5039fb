"""One value of one axis: its environment, the tests that run under it, and how its effect is detected."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tools.portability.process_facts import ProcessFacts, parse_process_facts

PROJECT: Final = Path(__file__).parents[2]
OWN_FOLDER: Final = PROJECT / ".local" / "portability"
# Variables that a caller may have set and that only a setting may decide.
CONTROLLED_VARIABLES: Final = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
    "GLIBC_TUNABLES",
    "TZ",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LOCPATH",
    "PYTHONUTF8",
    "PYTHONCOERCECLOCALE",
    "PYTHONHASHSEED",
    "PYTHONWARNINGS",
)
# Tests of computation, and of comparing numbers or digests of numbers.
NUMERIC: Final = (
    "tests/agreement",
    "tests/evaluation/test_risk_golden.py",
    "tests/evaluation/test_risk_receipt.py",
    "tests/evaluation/test_risk_inputs.py",
    "tests/measures/test_risk_measures.py",
    "tests/measures/test_risk_performance.py",
    "tests/measures/test_covariance_forms.py",
    "tests/measures/test_backtest_statistics.py",
    "tests/evaluation/test_risk_report.py",
    "tests/evaluation/test_stress.py",
    "tests/contracts/test_blobs.py",
    "tests/contracts/test_covariance.py",
    "tests/client/test_inputs.py",
    "tests/docs/test_readme_numbers.py",
)
# Tests that read the time, or write and read instants.
DATED: Final = (
    "tests/http",
    "tests/operate",
    "tests/rotation",
    "tests/alarms",
    "tests/client/test_command_line.py",
    "tests/client/test_worlds_commands.py",
    "tests/hub/test_freshness.py",
    "tests/hub/test_freshness_monitor.py",
    "tests/hub/test_reaping.py",
    "tests/contracts/test_times.py",
    "tests/contracts/test_expectations.py",
    "tests/contracts/test_tokens.py",
)
# Tests that read and write files and the terminal.
TEXTUAL: Final = (
    "tests/contracts",
    "tests/docs",
    "tests/events",
    "tests/deploy",
    "tests/client/test_command_line.py",
    "tests/client/test_spool.py",
    "tests/operate/test_alarms_and_logs.py",
)
WHOLE: Final = ("tests",)

Effect = Callable[[ProcessFacts, ProcessFacts], bool]


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of an axis.

    Attributes:
        axis: name of the varied property.
        value: its value.
        tests: paths passed to pytest.
        has_effect: whether a process under the setting differs as intended from one without it: (without, under) →
            bool.
        environment: variables to set; those of `CONTROLLED_VARIABLES` that are not named here are removed.
        python: the interpreter that runs the tests.
        umask: permission bits that new files do not get.
        absent: why this machine cannot provide the setting; None if it can.
    """

    axis: str
    value: str
    tests: tuple[str, ...]
    has_effect: Effect
    environment: Mapping[str, str] = field(default_factory=dict)
    python: Path = Path(sys.executable)
    umask: int = 0o022
    absent: str | None = None

    def variables(self) -> dict[str, str]:
        """Return the whole environment of the tests."""
        kept = {name: value for name, value in os.environ.items() if name not in CONTROLLED_VARIABLES}
        paths = os.pathsep.join(str(PROJECT / folder) for folder in (".", "contracts/src", "client/src"))
        return {**kept, "PYTHONPATH": paths, **self.environment}

    def observe(self) -> ProcessFacts:
        """Return what a process under this setting observes."""
        command = (str(self.python), "-m", "tools.portability.process_facts")
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=self.variables(),
            umask=self.umask,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            raise RuntimeError(
                f"{self.axis}, {self.value}: no process starts under it: {done.stderr.strip()}"
            )
        return parse_process_facts(done.stdout)


def unchanged_setting() -> Setting:
    """Return the setting that changes nothing on this machine."""
    return Setting(
        "none", "this machine as it is", WHOLE, lambda without, under: without.python == under.python
    )
