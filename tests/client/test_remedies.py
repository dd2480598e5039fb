"""A remedy of the hub is printed by a command as options of the command line."""

import re

import pytest

from functions.hub.use_cases import explain_absence
from risk_hub_client.cli.remedies import in_options
from risk_hub_contracts.base.problems import PROBLEMS

# Text in backquotes that a user of the command line does not see: a request, a parameter, a header, a problem's member.
UNSEEN = re.compile(
    r"(GET|PUT|POST|DELETE) .*|X-.*|include_expired.*|known_at|earliest_as_of|errors|detail|command|ref"
)
REMEDIES = {
    **{slug: problem.remedy for slug, problem in PROBLEMS.items()},
    **{name: text for name, text in vars(explain_absence).items() if name.endswith("_REMEDY")},
}


@pytest.mark.parametrize("name", REMEDIES)
def test_printed_remedy_names_no_parameter_or_member_of_the_api(name: str) -> None:
    quoted = re.findall(r"`([^`]*)`", in_options(REMEDIES[name]))
    assert [text for text in quoted if UNSEEN.fullmatch(text)] == []


def test_printed_remedy_of_an_early_as_of_names_the_option() -> None:
    printed = in_options(explain_absence.EXPIRED_OR_LATER_REMEDY)
    assert printed == (
        "Send --include-expired to read expired snapshots, or --as-of with this instant or a later one."
    )
