"""GET of derived results: risk and stress reports by version and of the latest, and pages of exit signals."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.evaluation.derived_record import MODELS, AnyDerivedRecord, DerivedRecord, Kind, ReportKind
from functions.evaluation.exits.list_exit_signals import cursor_query
from functions.evaluation.read_reports import KNOWN_AT_REMEDY
from functions.hub.domain.cursor import encode_cursor
from risk_hub_contracts.api.queries import SignalsQuery
from risk_hub_contracts.base.limits import REPORT_SETTLE_SECONDS
from risk_hub_contracts.base.times import format_instant
from tests.fakes.clock import START
from tests.fakes.gateway import Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, book, post
from tools.event_samples.emitted import emitted

SIGNALS = "/risk-hub/worlds/w1/exit-signals"
UNTIL = START + timedelta(days=30)
EVENT_OF: dict[Kind, str] = {
    "risk": "risk_evaluated",
    "stress": "stress_evaluated",
    "exit": "exit_signal_emitted",
}
SAMPLES = emitted()
KINDS: tuple[ReportKind, ...] = ("risk", "stress")
NOT_YET = {"risk": "risk-not-found", "stress": "stress-not-found"}


def iso(minutes: float) -> str:
    return format_instant(START + timedelta(minutes=minutes))


def derived(kind: Kind, **changed: Any) -> AnyDerivedRecord:
    data = {**SAMPLES[f"samples/{EVENT_OF[kind]}.json"]["data"], "world_id": "w1", **changed}
    return DerivedRecord(MODELS[kind].model_validate(data))


def publish(
    api: Gateway, hub: Hub, version: str, minute: float, headers: dict[str, str] | None = None, **fields: Any
) -> None:
    hub.clock.now = START + timedelta(minutes=minute)
    assert post(api, book(version, as_of=iso(minute), **fields), headers=headers).status == 201


def evaluate(hub: Hub, version: str, minute: float = 0, **changed: Any) -> None:
    for kind in KINDS:
        report = derived(kind, version=version, evaluated_at=iso(minute), **changed)
        assert hub.evaluations.put_once(report, UNTIL)


def emit(hub: Hub, minute: int, stage: str = "paper", **changed: Any) -> None:
    instant = {"stage": stage, "window": iso(minute), "emitted_at": iso(minute)}
    assert hub.evaluations.put_once(derived("exit", **instant, **changed), UNTIL)


def instants(api: Gateway, query: str = "") -> list[str]:
    answer = api("GET", f"{SIGNALS}{query}")
    assert answer.status == 200, answer
    return [signal["emitted_at"] for signal in answer.json["signals"]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_is_read_by_version(api: Gateway, hub: Hub, kind: ReportKind) -> None:
    publish(api, hub, "v1", 0)
    evaluate(hub, "v1")
    answer = api("GET", f"{SNAPSHOTS}/v1/{kind}")
    assert answer.status == 200
    assert answer.json == derived(kind, version="v1", evaluated_at=iso(0)).document()


@pytest.mark.parametrize("kind", KINDS)
def test_version_without_a_report_yet_is_404_with_retry_after(
    api: Gateway, hub: Hub, kind: ReportKind
) -> None:
    publish(api, hub, "v1", 0)
    assert api("GET", f"{SNAPSHOTS}/v9/{kind}").slug == "snapshot-not-found"
    for path in ("v1", "latest"):
        answer = api("GET", f"{SNAPSHOTS}/{path}/{kind}")
        assert (answer.status, answer.slug) == (404, NOT_YET[kind])
        assert (answer.json["version"], answer.headers["retry-after"]) == ("v1", "2")
        assert "is not evaluated yet" in answer.json["detail"]


@pytest.mark.parametrize("kind", KINDS)
def test_inv_15_expired_version_without_a_report_is_a_final_404_with_the_evaluate_command(
    api: Gateway, hub: Hub, kind: ReportKind
) -> None:
    publish(api, hub, "v1", 0, ttl_sec=60)
    path = f"{SNAPSHOTS}/v1/{kind}"
    hub.clock.now = START + timedelta(seconds=60 + REPORT_SETTLE_SECONDS) - timedelta(microseconds=1)
    assert api("GET", path).slug == NOT_YET[kind]
    hub.clock.now += timedelta(microseconds=1)
    final = api("GET", path)
    assert (final.status, final.slug) == (404, "will-not-be-evaluated")
    assert "retry-after" not in final.headers
    assert final.json["detail"] == f"version 'v1' of world 'w1' will not be evaluated: expired at {iso(1)}"
    assert f"`{final.json['command']}` with the --stage-name" in final.json["remedy"]
    assert final.json["command"] == f"risk-hub risk evaluate w1 --from {iso(0)} --to {iso(0)}"
    assert (final.json["version"], final.json["expired_at"]) == ("v1", iso(1))
    assert api("GET", f"{SNAPSHOTS}/latest/{kind}?include_expired=true").slug == "will-not-be-evaluated"
    evaluate(hub, "v1")
    assert api("GET", path).status == 200


@pytest.mark.parametrize("kind", KINDS)
def test_inv_15_report_of_a_backfilled_version_is_awaited_for_14_days(
    api: Gateway, hub: Hub, kind: ReportKind
) -> None:
    publish(api, hub, "v1", 0, ttl_sec=1, provenance={"source": "backfill"})
    hub.clock.now = START + timedelta(days=13)
    assert api("GET", f"{SNAPSHOTS}/v1/{kind}").slug == NOT_YET[kind]
    hub.clock.now = START + timedelta(days=14)
    final = api("GET", f"{SNAPSHOTS}/v1/{kind}")
    assert final.slug == "will-not-be-evaluated"
    assert "its announcement is no longer kept" in final.json["detail"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_says_whether_it_was_evaluated_as_history(api: Gateway, hub: Hub, kind: ReportKind) -> None:
    for minute, history in enumerate((False, True)):
        publish(api, hub, f"v{minute}", minute)
        record = derived(kind, version=f"v{minute}")
        hub.evaluations.put_once(replace(record, history=history), UNTIL)
        instant = api("GET", f"{SNAPSHOTS}/v{minute}/{kind}").headers["risk-hub-evaluated-as"]
        assert instant == ("history" if history else "current")
        assert api("GET", f"{SNAPSHOTS}/latest/{kind}").headers["risk-hub-evaluated-as"] == instant


@pytest.mark.parametrize("kind", KINDS)
def test_the_latest_report_is_about_the_newest_unexpired_snapshot(
    api: Gateway, hub: Hub, kind: ReportKind
) -> None:
    publish(api, hub, "v1", 0)
    evaluate(hub, "v1")
    publish(api, hub, "v2", 1, headers={"X-Stage": "live", "X-Actor": "ops"})
    evaluate(hub, "v2")
    path = f"{SNAPSHOTS}/latest/{kind}"
    assert api("GET", path).json["version"] == "v2"
    assert api("GET", f"{path}?stage=paper").json["version"] == "v1"
    assert api("GET", f"{path}?actor=gateway").json["version"] == "v1"
    hub.clock.advance(minutes=20)
    assert api("GET", path).slug == "snapshot-expired"
    assert api("GET", f"{path}?include_expired=true").json["version"] == "v2"
    assert api("GET", f"/risk-hub/worlds/w9/snapshots/latest/{kind}").slug == "world-unknown"


@pytest.mark.parametrize("kind", KINDS)
def test_latest_report_with_known_at_was_evaluated_by_then(api: Gateway, hub: Hub, kind: ReportKind) -> None:
    publish(api, hub, "v1", 0)
    evaluate(hub, "v1", 2)
    publish(api, hub, "v2", 5)
    evaluate(hub, "v2", 6)
    evaluate(hub, "v1", 7, engine_version="9.0.0")
    hub.clock.advance(minutes=5)
    path = f"{SNAPSHOTS}/latest/{kind}?known_at="
    assert "the hub knew no" in api("GET", path + iso(1)).json["detail"]
    assert api("GET", path + iso(1)).slug == NOT_YET[kind]
    assert api("GET", path + iso(2)).json["version"] == "v1"
    assert api("GET", path + iso(4)).json["engine_version"] != "9.0.0"
    assert api("GET", path + iso(6)).json["version"] == "v2"


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_at_a_past_instant_says_whether_a_running_evaluation_can_still_change_it(
    api: Gateway, hub: Hub, kind: ReportKind
) -> None:
    publish(api, hub, "v1", 0)
    evaluate(hub, "v1", 2)
    settled = {}
    for seconds_later in (0, REPORT_SETTLE_SECONDS - 1, REPORT_SETTLE_SECONDS):
        hub.clock.now = START + timedelta(minutes=2, seconds=seconds_later)
        answer = api("GET", f"{SNAPSHOTS}/latest/{kind}?known_at={iso(2)}")
        settled[seconds_later] = (answer.status, answer.headers["risk-hub-settled"])
    assert list(settled.values()) == [(200, "false"), (200, "false"), (200, "true")]
    absent = api("GET", f"{SNAPSHOTS}/latest/{kind}?known_at={iso(1)}")
    assert (absent.slug, absent.headers["risk-hub-settled"]) == (NOT_YET[kind], "true")
    assert "risk-hub-settled" not in api("GET", f"{SNAPSHOTS}/latest/{kind}").headers
    assert "risk-hub-settled" not in api("GET", f"{SNAPSHOTS}/v1/{kind}").headers


@pytest.mark.parametrize("kind", KINDS)
def test_settled_404_of_a_report_says_to_send_a_later_known_at_and_has_no_retry_after(
    api: Gateway, hub: Hub, kind: ReportKind
) -> None:
    publish(api, hub, "v1", 0)
    evaluate(hub, "v1", 3)
    hub.clock.now = START + timedelta(minutes=4, seconds=REPORT_SETTLE_SECONDS)
    path = f"{SNAPSHOTS}/latest/{kind}"
    absent = api("GET", f"{path}?known_at={iso(2)}")
    assert (absent.slug, absent.headers["risk-hub-settled"]) == (NOT_YET[kind], "true")
    assert absent.json["detail"] == f"the hub knew no {kind} report on version 'v1' of world 'w1' at {iso(2)}"
    assert absent.json["remedy"] == KNOWN_AT_REMEDY
    assert "retry-after" not in absent.headers
    assert api("GET", f"{path}?known_at={iso(4)}").status == 200
    assert api("GET", path).status == 200


@pytest.mark.parametrize("kind", KINDS)
def test_unsettled_404_of_a_report_keeps_retry_after(api: Gateway, hub: Hub, kind: ReportKind) -> None:
    publish(api, hub, "v1", 0)
    absent = api("GET", f"{SNAPSHOTS}/latest/{kind}?known_at={iso(0)}")
    assert (absent.slug, absent.headers["risk-hub-settled"]) == (NOT_YET[kind], "false")
    assert absent.headers["retry-after"] == "2"


@pytest.mark.parametrize("kind", KINDS)
def test_latest_in_a_report_path_is_never_read_as_a_version(api: Gateway, hub: Hub, kind: ReportKind) -> None:
    publish(api, hub, "latest", 0)
    evaluate(hub, "latest")
    publish(api, hub, "v2", 1)
    evaluate(hub, "v2")
    assert api("GET", f"{SNAPSHOTS}/latest/{kind}").json["version"] == "v2"


@pytest.mark.parametrize(
    "path", [*(f"{SNAPSHOTS}/{of}/{kind}" for of in ("v1", "latest") for kind in KINDS), SIGNALS]
)
def test_reports_and_signals_need_the_scope_to_read(api: Gateway, hub: Hub, path: str) -> None:
    writer = {"Authorization": f"Bearer {hub.tokens.issue(scopes=['snapshots:write'])}"}
    assert api("GET", path, headers=writer).slug == "forbidden-scope"
    assert api("GET", path, headers={"Authorization": None}).slug == "unauthenticated"


def test_exit_signals_are_listed_newest_first(api: Gateway, hub: Hub) -> None:
    for minute in (1, 3, 2):
        emit(hub, minute)
    emit(hub, 9, world_id="w2")
    assert instants(api) == [iso(3), iso(2), iso(1)]
    assert instants(api, "?order=asc") == [iso(1), iso(2), iso(3)]
    assert instants(api, f"?from={iso(2)}&to={iso(2)}") == [iso(2)]
    assert api("GET", "/risk-hub/worlds/w9/exit-signals").json == {"signals": [], "next_cursor": None}


def test_exit_signals_are_filtered_by_stage(api: Gateway, hub: Hub) -> None:
    emit(hub, 1)
    emit(hub, 2, "live")
    assert instants(api, "?stage=LIVE") == [iso(2)]
    assert instants(api, "?stage=paper") == [iso(1)]


@pytest.mark.parametrize("stage", ["", "&stage=paper"])
def test_pages_of_exit_signals_cover_the_list_once(api: Gateway, hub: Hub, stage: str) -> None:
    for minute in range(5):
        emit(hub, minute)
    found, query = [], f"?limit=2{stage}"
    page = api("GET", SIGNALS + query).json
    while True:
        found += [signal["emitted_at"] for signal in page["signals"]]
        if page["next_cursor"] is None:
            break
        page = api("GET", f"{SIGNALS}{query}&cursor={page['next_cursor']}").json
    assert found == [iso(minute) for minute in (4, 3, 2, 1, 0)]


def test_exit_signal_cursor_is_refused_for_another_query(api: Gateway, hub: Hub) -> None:
    for minute in range(3):
        emit(hub, minute)
    cursor = api("GET", f"{SIGNALS}?limit=1").json["next_cursor"]
    assert instants(api, f"?limit=2&cursor={cursor}") == [iso(1), iso(0)]
    for other in ("stage=paper", "order=asc", f"from={iso(0)}"):
        assert api("GET", f"{SIGNALS}?limit=1&{other}&cursor={cursor}").slug == "cursor-invalid"
    assert api("GET", f"{SNAPSHOTS}?limit=1&cursor={cursor}").slug == "cursor-invalid"
    assert api("GET", f"/risk-hub/worlds/w2/exit-signals?cursor={cursor}").slug == "cursor-invalid"


@pytest.mark.parametrize("position", ["", "yesterday", f"{iso(0)}|short", f"{iso(0)}|{iso(0)}|v1"])
def test_forged_exit_signal_cursor_is_refused(api: Gateway, position: str) -> None:
    forged = encode_cursor(cursor_query("w1", SignalsQuery()), position)
    assert api("GET", f"{SIGNALS}?cursor={forged}").slug == "cursor-invalid"


def test_a_wrong_query_names_its_parameters(api: Gateway) -> None:
    answer = api("GET", f"{SIGNALS}?limit=0&order=up&surprise=1")
    assert answer.slug == "invalid-query"
    assert set(answer.pointers) == {"/limit", "/order", "/surprise"}
    assert api("GET", f"{SNAPSHOTS}/latest/risk?expand=true").pointers == ["/expand"]
