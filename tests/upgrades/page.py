"""What a rehearsal counted, as a page."""

from datetime import UTC, datetime

from tests.upgrades.rehearsal import Outcome, Phase
from tests.upgrades.releases import Release


def page(outcome: Outcome, misread: list[str], released: Release) -> str:
    """Return the page that holds the counts; `misread`: what the release makes of this tree's records otherwise."""
    phases = "\n".join(_phase(outcome, phase) for phase in outcome.phases)
    counted = "\n".join(f"| {what} | {number} |" for what, number in _counts(outcome, misread).items())
    failed = "\n".join(f"- {_time(at)} {name}: {said}" for name, at, said in outcome.failed) or "None."
    today, commit = datetime.now(UTC).date(), released.commit[:12]
    return f"""# Upgrade run

Written by `make upgrade` on {today}: a local stage is opened with release {released.version} of the contract (commit
`{commit}`), templates and code, and that release's own client publishes and reads without a pause, each request once. Under
this traffic the stage is brought to this tree, back to the release, and to this tree again, in place, stack by stack. A
phase ends after a number of requests, however long they take; times are those of a machine that did other things too.
[What is promised from one release to the next](upgrade.md).

| phase | requests | longest, s | stacks and functions of another release | answers of the kept world that changed |
|---|---|---|---|---|
{phases}

| counted | |
|---|---|
{counted}

Requests that failed: {failed}

What the release reads otherwise: {", ".join(misread) or "nothing."}

The kept world is published, evaluated, and given a policy and an expectation before the first change; ten questions about
it are asked in every phase. A further member in an answer is no change, a missing or other one is.

Before that, every kind of record, object and event that this tree writes is given to the release's code on moto: its relay
and its workers take it, and its doors answer from it as this tree does, or say less.

What this does not prove is in [upgrade.md](upgrade.md#what-only-an-account-can-prove).
"""


def _phase(outcome: Outcome, phase: Phase) -> str:
    asked, longest = outcome.within(phase)
    differs, changed = len(phase.differs), len(phase.changed)
    known = "– | –" if phase.name.startswith("→") else f"{differs} | {changed}"
    return f"| {phase.name} | {asked.total()} | {longest:.1f} | {known} |"


def _counts(outcome: Outcome, misread: list[str]) -> dict[str, str | int]:
    effects = ", ".join(f"{worker} {number}" for worker, number in outcome.effects.items())
    return {
        "requests answered as they should be": len(outcome.answered),
        "**requests that failed**": f"**{len(outcome.failed)}**",
        "snapshots that a producer was told are stored": outcome.published,
        "**of these lost**": f"**{len(outcome.lost)}**",
        "stored and not announced": len(outcome.unannounced),
        "effects": effects,
        "effects missing": len(outcome.missing),
        "effects doubled": len(outcome.doubled),
        "dead letters, records set aside": outcome.dead_letters,
        "questions that the release answers otherwise from this tree's records": len(misread),
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).time().isoformat("milliseconds")
