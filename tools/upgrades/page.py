"""The page docs/upgrade-run.md."""

from datetime import UTC, datetime

from tools.upgrades.checked_out_release import Release
from tools.upgrades.rehearsal import Outcome, Phase


def page(outcome: Outcome, misread: list[str], released: Release) -> str:
    """Return the page that holds the counts; `misread`: the requests that the release answers differently."""
    phases = "\n".join(_phase(outcome, phase) for phase in outcome.phases)
    counted = "\n".join(f"| {what} | {number} |" for what, number in _counts(outcome, misread).items())
    failed = (
        "\n".join(f"- {_time(at)} {name}: {reported}" for name, at, reported in outcome.failed) or "None."
    )
    today, commit = datetime.now(UTC).date(), released.commit[:12]
    return f"""# Upgrade run

Written by `make upgrade` on {today}.

A local stage is started with release {released.version} of the contract (commit `{commit}`): its templates, its code,
and its client, which publishes and reads without a pause, sending each request once. Under this traffic the
data stack of this tree is deployed, the snapshots of the release are copied into their new table, and the
service stack is upgraded, rolled back to the release, and upgraded again. The producers stop for the last copy
and the upgrade; the readers do not. At the end the old table is removed. A phase ends after a fixed number of
requests. The machine did other work at the same time, which affects the times. The promises are in
[upgrade.md](upgrade.md), and the steps in [From the table of release 1.0](upgrade.md#from-the-table-of-release-10).

| phase | requests | longest, s | stacks and functions of another release | changed answers about the fixed world |
|---|---|---|---|---|
{phases}

| counted | |
|---|---|
{counted}

Requests that failed: {failed}

Requests that the release answers differently: {", ".join(misread) or "None."}

Before the first change, the fixed world is published, evaluated, and given a policy and an expectation. Every
phase sends ten requests about it. An additional member in an answer is not a change; a missing or different
one is.

Before that, the code of the release reads every kind of record, object and event that this tree writes, on
moto; snapshots, reports and forecasts have the compression and the keys of the release. Its relay and its workers
must accept them, and the answers of its API must be those of this tree or have fewer members. This stops at the
first refused record. The requests of the rehearsal make none of the
[known exceptions](upgrade.md#rolling-back-to-release-10).

What this does not prove is in [upgrade.md](upgrade.md#what-only-an-account-can-prove).
"""


def _phase(outcome: Outcome, phase: Phase) -> str:
    requested, longest = outcome.within(phase)
    differs, changed = len(phase.differs), len(phase.changed)
    known = f"{differs} | {changed}" if phase.checked else "– | –"
    return f"| {phase.name} | {requested.total()} | {longest:.1f} | {known} |"


def _counts(outcome: Outcome, misread: list[str]) -> dict[str, str | int]:
    effects = ", ".join(f"{worker} {number}" for worker, number in outcome.effects.items())
    return {
        "requests with the expected answer": len(outcome.answered),
        "**requests that failed**": f"**{len(outcome.failed)}**",
        "snapshots confirmed to a producer": outcome.published,
        "**of these lost**": f"**{len(outcome.lost)}**",
        "stored but not announced": len(outcome.unannounced),
        "put by each copy, in order": ", ".join(map(str, outcome.copies)),
        "announced by the release and again by this tree": len(outcome.announced_again),
        "announced again by the rolled-back release, with the same ids": outcome.repeated_by_release,
        "effects": effects,
        "effects missing": len(outcome.missing),
        "effects duplicated": len(outcome.duplicated),
        "dead letters, records in the failure queue": outcome.dead_letters,
        "requests that the release answers differently from this tree's records": len(misread),
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).time().isoformat("milliseconds")
