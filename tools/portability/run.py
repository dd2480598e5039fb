"""Run the tests of one setting, after checking that the setting has its intended effect."""

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Final

from tools.portability.process_facts import ProcessFacts
from tools.portability.setting import PROJECT, WHOLE, Setting, unchanged_setting

WORKERS: Final = ("-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder")
FLAGS: Final = ("-q", "-p", "no:cacheprovider")
COUNT: Final = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
SUMMARY: Final = re.compile(r"^=*\s*(?:\d+ \w+(?:, )?)+ in [\d.]+s.*$", re.MULTILINE)
FAILURE: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
NO_EFFECT: Final = "the setting changes nothing in a process"


@dataclass(frozen=True, slots=True)
class Result:
    """Test results under a setting.

    Attributes:
        setting: the setting of the run.
        passed: number of passed tests.
        failed: number of failed tests, errors included.
        skipped: number of skipped tests.
        seconds: duration.
        failures: names of the tests that failed.
        why: why nothing was measured, or what else went wrong; None on success.
        seen: what a process observed under the setting.
    """

    setting: Setting
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    failures: tuple[str, ...] = ()
    why: str | None = None
    seen: ProcessFacts | None = None

    @property
    def absent(self) -> bool:
        """Whether this machine cannot provide the setting."""
        return self.setting.absent is not None

    @property
    def is_ok(self) -> bool:
        """Whether tests ran and none failed; an absent setting did not fail and is reported as not measured."""
        return self.absent or (self.passed > 0 and self.failed == 0 and self.why is None)


def run(setting: Setting) -> Result:
    """Run the tests of a setting; a setting without an effect fails, since its tests would prove nothing."""
    if setting.absent is not None:
        return Result(setting, why=setting.absent)
    try:
        without, seen = unchanged_setting().observe(), setting.observe()
    except RuntimeError as error:
        return Result(setting, why=str(error))
    if not setting.has_effect(without, seen):
        return Result(setting, why=NO_EFFECT, seen=seen)
    started = time.monotonic()
    text, status = _pytest(setting)
    counts, seconds = counted(text), time.monotonic() - started
    failed = counts["failed"] + counts["error"]
    failures = tuple(dict.fromkeys(FAILURE.findall(text)))
    why = None if status == 0 or failed else f"pytest ended with status {status}"
    return Result(setting, counts["passed"], failed, counts["skipped"], seconds, failures, why, seen)


def counted(text: str) -> dict[str, int]:
    """Return the numbers of passed, failed and other tests from the last line of counts in pytest's output."""
    found = dict.fromkeys(("passed", "failed", "error", "skipped"), 0)
    summaries = SUMMARY.findall(text)
    for number, name in COUNT.findall(summaries[-1] if summaries else ""):
        found["error" if name.startswith("error") else name] += int(number)
    return found


def _pytest(setting: Setting) -> tuple[str, int]:
    """Run pytest, show its output as it comes, and return the output and exit status."""
    tests = () if setting.tests == WHOLE else setting.tests
    command = (str(setting.python), "-m", "pytest", *FLAGS, *WORKERS, *tests)
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env=setting.variables(),
        umask=setting.umask,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        lines = []
        for line in process.stdout or ():
            sys.stdout.write(line)
            lines.append(line)
    return "".join(lines), process.returncode
