"""The stage's log, which contains all output of functions and emulator, holds no credentials."""

import hashlib
import re
import stat
import urllib.request

from infra.functions import FUNCTION_FOLDERS
from infra.local.bring_up import RunningStage
from infra.local.settings import LocalSettings
from infra.ops.operate.function_log import log_lines
from infra.tokens.issue import new_token
from tests.fakes.calls import call
from tests.local_stage.caller import Caller, new_world, small_body, wait_until
from tests.secrecy.marks import found

SIGNATURE = re.compile("X-Amz-Signature=([0-9a-f]{64})")


def test_stage_log_contains_no_tokens_or_signatures(
    stage: RunningStage, settings: LocalSettings, hub: Caller
) -> None:
    world, foreign_token = new_world(), new_token()
    assert hub.post(world, small_body()).status == 201
    assert hub.post(world, small_body("v2"), Authorization=f"Bearer {foreign_token}").status == 401
    assert call("GET", f"{hub.snapshots(world)}/latest?token={foreign_token}").status == 401
    signature = uploaded(hub, world)
    wait_until(lambda: '"token":"local-run"' in functions_log(stage), "the writer's line did not come")
    log = functions_log(stage) + settings.log_file.read_text(encoding="utf-8")
    assert '"status":401' in log
    assert found(log, [stage.hub.token, foreign_token, signature]) == set()


def functions_log(stage: RunningStage) -> str:
    return "\n".join(
        line for folder in FUNCTION_FOLDERS for line in log_lines(stage.aws, "local", folder, 60, "").lines
    )


def test_env_file_with_the_token_is_readable_only_by_its_owner(
    stage: RunningStage, settings: LocalSettings
) -> None:
    assert stage.hub.token in settings.env_file.read_text(encoding="utf-8")
    assert stat.S_IMODE(settings.env_file.stat().st_mode) == 0o600


def uploaded(hub: Caller, world: str) -> str:
    """Upload a blob by a signed request and return its signature."""
    data = b"rsh1 covariance"
    sha256 = hashlib.sha256(data).hexdigest()
    requested = {"kind": "covariance", "sha256": sha256, "bytes": len(data)}
    put = hub.post_to(f"{world}/blobs", requested).document()["put"]
    request = urllib.request.Request(put["url"], data=data, headers=put["headers"], method="PUT")  # noqa: S310 - our own stage
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.status == 200
    (signature,) = SIGNATURE.findall(put["url"])
    return str(signature)
