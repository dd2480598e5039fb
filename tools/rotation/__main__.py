"""`python -m tools.rotation`: rotate a token on a local stage under load; write docs/token-rotation.md."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from infra.local.bring_up import RunningStage, start_stage
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from infra.tokens.register import TokenRegister
from risk_hub_contracts.base.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from tools.rotation.callers import Callers, pause
from tools.rotation.procedure import PROPAGATION_SECONDS, Rehearsal

PAGE = Path(__file__).parents[2] / "docs" / "token-rotation.md"
CALM_SECONDS = 10.0
SUCCESS_STATUSES = {200, 201}


def utc_now() -> datetime:
    """Return the current time of the local stage's functions."""
    return datetime.now(UTC)


def rehearse(stage: RunningStage) -> tuple[Callers, float]:
    """Return the clients with their counts, and how many seconds the revoked token was accepted."""
    register = TokenRegister(stage.aws.client("secretsmanager"), stage.deployment.outputs["TokensSecretArn"])
    callers = Callers(stage.hub.url)
    with callers.calling():
        return callers, Rehearsal(register, callers, utc_now, pause, CALM_SECONDS).rotate()


def failed(callers: Callers) -> int:
    """Return the number of requests without a success answer."""
    return sum(number for (_, status), number in callers.answers.items() if status not in SUCCESS_STATUSES)


def page(callers: Callers, accepted_seconds: float) -> str:
    """Return the page that holds the counts."""
    rows = "\n".join(
        f"| {function} | {status or 'connection broken'} | {number} |"
        for (function, status), number in sorted(callers.answers.items())
    )
    most = f"{TOKEN_CACHE_MAX_AGE_SECONDS} s at most, plus the second between two tries"
    return f"""# Rotation of a token under load

Written by `make rotation` on {datetime.now(UTC).date()}.

Four programs call a local stage without a pause; the stage enforces policies. The run follows the steps of
[the guide](guides/operating.md#create-rotate-and-revoke-tokens):

1. Create the next token.
2. Wait {PROPAGATION_SECONDS} s, then change the programs to it.
3. Revoke the first token, and try it once a second until every function refuses it.

The test suite rehearses the same steps on the handlers with a test clock.

| counted | |
|---|---|
| requests | {callers.answers.total()} |
| **failed requests** | **{failed(callers)}** |
| the revoked token was accepted for | {accepted_seconds:.0f} s ({most}) |

| function | answered | requests |
|---|---|---|
{rows}
"""


def main() -> int:
    """Rehearse and report; return 1 if a request failed or the revoked token was accepted for too long."""
    with tempfile.TemporaryDirectory() as home:
        settings = LocalSettings(Path(home) / "stage", ANY_FREE_PORT, ANY_FREE_PORT, enforce_iam=True)
        stage = start_stage(settings, Console(), detached=False, fresh=True)
        try:
            callers, accepted_seconds = rehearse(stage)
        finally:
            stage.process.stop()
    text = page(callers, accepted_seconds)
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 1 if failed(callers) or accepted_seconds > PROPAGATION_SECONDS + 1 else 0


if __name__ == "__main__":
    raise SystemExit(main())
