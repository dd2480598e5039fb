"""The back-test on the whole path: snapshots over HTTP, forecasts by the engine, verdict by the CLI."""

import json

from infra.local.bring_up import RunningStage
from tests.local_stage.caller import Caller, new_world
from tools.backtest.direct import differences
from tools.backtest.history import WINDOW_DAYS, real_table
from tools.backtest.run import STAGE, command_line, publish, wait_for_forecasts

DAYS = 4
WITHIN_SECONDS = 120.0


def test_backtest_report_compares_forecasts_with_realized_returns(stage: RunningStage, hub: Caller) -> None:
    table, world = real_table(WINDOW_DAYS - 1 + DAYS), new_world()
    publish(stage.hub, table, world)
    wait_for_forecasts(stage.hub, DAYS, world, within_seconds=WITHIN_SECONDS)
    reported = json.loads(command_line(stage.hub, "--json", world=world))
    route = f"/risk-hub/worlds/{world}/risk/backtest?stage={STAGE}"
    assert reported == hub.get(route).document()
    assert reported["method"] == "historical_upper"
    others = (("historical", 9500), ("historical_upper", 9750), ("parametric_normal", 9900))
    asked = [hub.get(f"{route}&method={method}&confidence_bps={bps}").document() for method, bps in others]
    for report in (reported, *asked):
        assert differences(table, report) == []
        assert (report["observations"], report["in_hindsight"]) == (DAYS - 1, DAYS - 1)
        assert report["left_out"]["no_realized_return"] == 1
