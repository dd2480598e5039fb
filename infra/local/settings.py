"""Files and ports of the local stage."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.errors import LocalStageError
from infra.local.alarms.settings import AlarmSettings
from infra.local.history_settings import HistorySettings

REPOSITORY: Final = Path(__file__).resolve().parents[2]
HOST: Final = "127.0.0.1"
EMULATOR_SECRET_KEY: Final = "local-stage"  # noqa: S105 - opens the emulator only, any value does
FRONT_PORT_DEFAULT: Final = 8787
ANY_FREE_PORT: Final = 0
PORT_MAX: Final = 65_535
PORT_FORM: Final = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """Settings of one local stage. Stages with different folders and ports can run at the same time.

    With `enforce_iam`, every call is checked against the caller's policies, as on AWS; slower, for tests.
    """

    home: Path
    front_port: int
    aws_port: int
    enforce_iam: bool = False
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    history: HistorySettings = field(default_factory=lambda: HistorySettings({}))

    @property
    def env_file(self) -> Path:
        """Return the file of shell exports for users and programs: URL and token, mode 0600."""
        return self.home / "env"

    @property
    def lock_file(self) -> Path:
        """Return the lock that the running server holds until it ends."""
        return self.home / "stage.lock"

    @property
    def record_file(self) -> Path:
        """Return the file that identifies the running server."""
        return self.home / "stage.json"

    @property
    def log_file(self) -> Path:
        """Return the log of the server and the functions' workers."""
        return self.home / "stage.log"

    @property
    def target_file(self) -> Path:
        """Return the file that names the API which the front server serves."""
        return self.home / "api-target.json"

    @property
    def alarm_settings_file(self) -> Path:
        """Return the server's alarm settings: mode 0600, since they contain a secret."""
        return self.home / "alarm-settings.json"

    @property
    def alarm_journal(self) -> Path:
        """Return the journal of this run's alarm transitions."""
        return self.home / "alarms.jsonl"

    @property
    def run_files(self) -> tuple[Path, ...]:
        """Return the files that exist only while the stage runs."""
        return (self.record_file, self.env_file, self.target_file, self.alarm_settings_file)

    @property
    def temporary(self) -> Path:
        """Return TMPDIR of the server and its workers, emptied at each start and stop."""
        return self.home / "tmp"

    @property
    def state(self) -> Path:
        """Return the emulator's own files while it runs, made from the newest save at each start."""
        return self.home / "state"

    @property
    def saves(self) -> Path:
        """Return the folder of complete saves of the emulator's state, one folder each."""
        return self.home / "saves"

    @property
    def worker_home(self) -> Path:
        """Return the folder that is HOME for the server and its workers, so that they read no user profile."""
        return self.home / "home"


def settings_from(environment: Mapping[str, str] = os.environ) -> LocalSettings:
    """Read RISK_HUB_LOCAL_DIR, _PORT, _AWS_PORT, _ENFORCE_IAM (1: yes), _ALARM_*, and the times of history.

    Raises:
        LocalStageError: a port is not a number between 0 (any free port) and 65535; see `AlarmSettings` and
            `HistorySettings`.
    """
    return LocalSettings(
        home=_home(environment),
        front_port=_port(environment, "RISK_HUB_PORT", FRONT_PORT_DEFAULT),
        aws_port=_port(environment, "RISK_HUB_AWS_PORT", ANY_FREE_PORT),
        enforce_iam=environment.get("RISK_HUB_ENFORCE_IAM") == "1",
        alarms=AlarmSettings.from_environment(environment),
        history=HistorySettings.from_environment(environment),
    )


def settings_of_folder(environment: Mapping[str, str] = os.environ) -> LocalSettings:
    """Read RISK_HUB_LOCAL_DIR only: enough to stop the stage of that folder, or to show its state."""
    return LocalSettings(_home(environment), FRONT_PORT_DEFAULT, ANY_FREE_PORT)


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("RISK_HUB_LOCAL_DIR") or REPOSITORY / ".local").resolve()


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if PORT_FORM.fullmatch(text) is None or int(text) > PORT_MAX:
        raise LocalStageError(
            f"{name}={text} is not a port. Give a number from 0 (any free port) to {PORT_MAX}."
        )
    return int(text)
