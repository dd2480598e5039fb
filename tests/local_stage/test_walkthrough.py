"""The published walkthrough runs on the stage and prints the documented output."""

import json
import math
import os
import re
import subprocess

from infra.local.bring_up import RunningStage
from infra.local.settings import REPOSITORY


def test_walkthrough_prints_the_documented_responses(stage: RunningStage) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "RISK_HUB_URL": stage.hub.url,
        "RISK_HUB_TOKEN": stage.hub.token,
    }
    script = REPOSITORY / "infra" / "local" / "walkthrough.sh"
    output = subprocess.run(
        ["sh", str(script)], env=environment, capture_output=True, encoding="utf-8", check=True
    ).stdout
    sections = [section.partition("\n") for section in re.split(r"^== ", output, flags=re.MULTILINE)[1:]]
    shown = {heading: body for heading, _, body in sections}
    statuses = [int(body.split()[1]) for body in shown.values()]
    assert statuses == [201, 200, 409, 422, 201, 200, 200, 200, 200, 200, 200]
    bodies = [json.loads(body.strip().splitlines()[-1]) for body in shown.values()]
    assert "idempotency-replayed: true" in output.lower()
    assert [body.get("version") for body in bodies[5:9]] == ["v2", "v1", "v1", "v1"]
    assert (bodies[9]["snapshots"][0]["version"], bodies[9]["next_cursor"]) == ("v1", None)
    volatility = next(each["value"] for each in bodies[10]["measures"] if each["measure"] == "volatility")
    variance = 0.36 * 0.0004 + 2 * 0.24 * 0.0002 + 0.16 * 0.0003
    assert math.isclose(volatility, math.sqrt(variance), rel_tol=1e-12)
