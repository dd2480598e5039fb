"""Cool-down as a property: every stronger request becomes a signal, and no weaker or equal one is repeated."""

from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.exit_state import ExitState, with_judged, with_signal
from functions.evaluation.exits.due_signals import (
    ESCALATION_MIN_RATIO_STEP,
    RATIO_ROUNDING,
    STRENGTH,
    Position,
    due_signals,
)
from functions.evaluation.exits.verdicts import Breach, Judgement, Met
from risk_hub_contracts.reports.exit_signal import Action, ExitSignal
from tools.event_samples.emitted import emitted

SAMPLE = ExitSignal.model_validate(emitted()["samples/exit_signal_emitted.json"]["data"])
RULE, WINDOW = "r", SAMPLE.window
Verdict = tuple[Action, float] | None
BREACHES: st.SearchStrategy[Verdict] = st.one_of(
    st.none(),
    st.just(("hold", 0.0)),
    st.just(("exit", 1.0)),
    st.tuples(st.just("reduce"), st.floats(0.001, 0.999)),
)


def judged(verdict: Verdict) -> Judgement:
    judgement = Judgement(frozenset({"risk", "snapshot"}))
    if verdict is None:
        judgement.add(Met(RULE, "within", {}))
    else:
        judgement.add(Breach(RULE, verdict[0], verdict[1], "limit_exceeded", "", {}, scope="risk"))
    return judgement


def after(state: ExitState, verdict: Verdict, order: str) -> tuple[ExitState, list[ExitSignal]]:
    signals = []
    for due in due_signals(state, judged(verdict), Position(order, WINDOW, "p1")):
        breach = due.breach
        facts = {"rule": RULE, "action": breach.action, "ratio": breach.ratio, "reason": breach.reason}
        facts |= {"cause": breach.cause or breach.reason, "sequence": due.sequence}
        signal = SAMPLE.model_copy(update=facts)
        state = with_signal(state, signal, "risk", order)
        signals.append(signal)
    return with_judged(state, "risk", order, WINDOW), signals


def asks_for_more(verdict: tuple[Action, float], last: ExitSignal) -> bool:
    stronger = STRENGTH[verdict[0]] - STRENGTH[last.action]
    grown = verdict[1] - last.ratio >= ESCALATION_MIN_RATIO_STEP - RATIO_ROUNDING
    return stronger > 0 or (stronger == 0 and grown)


@given(st.lists(BREACHES, min_size=1, max_size=30))
def test_inv_16_in_a_window_a_breach_signals_exactly_if_it_asks_for_more_or_follows_an_all_clear(
    verdicts: list[Verdict],
) -> None:
    state, sent = ExitState(), list[ExitSignal]()
    for number, verdict in enumerate(verdicts):
        last = sent[-1] if sent else None
        state, signals = after(state, verdict, f"o{number:03}")
        if verdict is not None:
            wanted = last is None or last.is_all_clear or asks_for_more(verdict, last)
            assert bool(signals) == wanted
        repeated, again = after(state, verdict, f"o{number:03}")
        assert (repeated, again) == (state, [])
        sent += signals
    assert [signal.sequence for signal in sent] == list(range(1, len(sent) + 1))
    assert sum(signal.is_all_clear for signal in sent) <= 1
