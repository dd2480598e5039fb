"""How the local stage alarms: how fast time passes for it, and which address is told."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from infra.local.errors import StageError

SPEED_MAX: Final = 60
LOOPBACK_ADDRESSES: Final = ("http://127.0.0.1:", "http://localhost:")


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """At speed 12 a minute of an alarm's period lasts five seconds. No webhook: nobody but the terminal is told."""

    speed: int = 1
    webhook: str = ""
    secret: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read RISK_HUB_ALARM_SPEED, RISK_HUB_ALARM_WEBHOOK and RISK_HUB_ALARM_SECRET (made up if there is none).

        Raises:
            StageError: the speed is no whole number from 1 to 60, or the webhook is no address.
        """
        speed = environment.get("RISK_HUB_ALARM_SPEED") or "1"
        if not (speed.isascii() and speed.isdigit() and 1 <= int(speed) <= SPEED_MAX):
            raise StageError(f"RISK_HUB_ALARM_SPEED={speed}: give a whole number from 1 to {SPEED_MAX}.")
        webhook = environment.get("RISK_HUB_ALARM_WEBHOOK", "")
        if webhook and not webhook.startswith(("https://", *LOOPBACK_ADDRESSES)):
            raise StageError(
                f"RISK_HUB_ALARM_WEBHOOK={webhook}: give https://..., or http:// on this machine."
            )
        return cls(int(speed), webhook, environment.get("RISK_HUB_ALARM_SECRET") or secrets.token_urlsafe(32))

    def write(self, path: Path) -> None:
        """Keep the settings for the server: a file that its owner alone reads."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))
