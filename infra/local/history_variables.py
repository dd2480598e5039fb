"""Give the deployed functions the hot window and the settle time of this run."""

from collections.abc import Iterator
from typing import Any

from infra import names
from infra.local.assembly import Template
from infra.local.aws import LocalAws
from infra.local.history_settings import HistorySettings


def apply_history_settings(aws: LocalAws, template: Template, settings: HistorySettings) -> None:
    """Set these variables on the deployed functions; those not given get the template's values again."""
    functions = aws.client("lambda")
    for name, declared in _functions_with_window(template):
        wanted = {each: settings.given.get(each, value) for each, value in declared.items()}
        present: dict[str, Any] = functions.get_function_configuration(FunctionName=name)
        variables = present["Environment"]["Variables"]
        if variables != variables | wanted:
            functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": variables | wanted}
            )


def _functions_with_window(template: Template) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each function that has such variables, with the template's values."""
    for properties in template.resources("AWS::Lambda::Function").values():
        variables = properties["Environment"]["Variables"]
        declared = {
            each: variables[each]
            for each in (names.HOT_SECONDS, names.MOVE_SETTLE_SECONDS)
            if each in variables
        }
        if declared:
            yield properties["FunctionName"], declared
