"""The guide of extended validation: its tables are those of the code."""

from typing import get_args

import pytest

from functions.evaluation.extended.layers import LAYERS_OF, Layer
from functions.evaluation.extended.outcomes import FINAL, RunOutcome
from functions.extended_validator.run_tally import DONE
from risk_hub_contracts.runs.not_evaluated import CAUSES, NotEvaluated
from tests.docs.test_policies_guide import LANGUAGES, ROOT, names, rows

PAGE = "extended-validation"
MISSED = [outcome for outcome in RunOutcome if outcome not in DONE]


@pytest.mark.parametrize("language", LANGUAGES)
def test_guide_lists_every_layer_code_and_outcome_once(language: str) -> None:
    layers = [layer for kind in LAYERS_OF.values() for layer in kind]
    assert sorted(layers) == sorted(get_args(Layer))
    assert names(PAGE + language) == [*layers, *NotEvaluated, *MISSED]


def test_guide_has_the_condition_and_remedy_of_each_code() -> None:
    shown = {row[0].strip("`"): row[1:] for row in rows(f"{PAGE}.md")}
    assert list(CAUSES) == list(NotEvaluated)
    assert {code: shown[code] for code in NotEvaluated} == {
        code: [each.condition, each.remedy] for code, each in CAUSES.items()
    }


def test_guide_says_that_only_final_outcomes_are_skipped() -> None:
    shown = {row[0].strip("`"): row[2] for row in rows(f"{PAGE}.md") if len(row) == 3}
    assert {outcome for outcome in MISSED if shown[outcome].startswith("skipped")} == FINAL - DONE


def test_every_code_is_written_by_a_layer() -> None:
    source = (ROOT / "functions" / "evaluation" / "extended" / "layers.py").read_text(encoding="utf-8")
    assert [code for code in NotEvaluated if f"NotEvaluated.{code.name}" not in source] == []
