"""Alarm settings of the local stage: speed of its time, and the webhook."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from infra.errors import LocalStageError

SPEED_MAX: Final = 60
SPEED_FORM: Final = re.compile(r"[0-9]{1,2}")
LOOPBACK_ADDRESSES: Final = ("http://127.0.0.1:", "http://localhost:")


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """Alarm settings. At speed 12, a minute of a period takes five seconds; the webhook is optional."""

    speed: int = 1
    webhook: str = ""
    secret: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read RISK_HUB_ALARM_SPEED, RISK_HUB_ALARM_WEBHOOK and RISK_HUB_ALARM_SECRET (by default generated).

        Raises:
            LocalStageError: the speed is not a whole number from 1 to 60, or the webhook is not an address.
        """
        speed = environment.get("RISK_HUB_ALARM_SPEED") or "1"
        if SPEED_FORM.fullmatch(speed) is None or not 1 <= int(speed) <= SPEED_MAX:
            raise LocalStageError(
                f"RISK_HUB_ALARM_SPEED={speed} is not a speed. Give a whole number from 1 to {SPEED_MAX}."
            )
        webhook = environment.get("RISK_HUB_ALARM_WEBHOOK", "")
        if webhook and not webhook.startswith(("https://", *LOOPBACK_ADDRESSES)):
            raise LocalStageError(
                f"RISK_HUB_ALARM_WEBHOOK={webhook} is not accepted. "
                "Give an https:// address, or an http:// address of this machine with its port."
            )
        return cls(int(speed), webhook, environment.get("RISK_HUB_ALARM_SECRET") or secrets.token_urlsafe(32))

    def write(self, path: Path) -> None:
        """Write the settings for the server to a file that only its owner can read."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file that `write` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))
