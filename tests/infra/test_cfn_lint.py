"""CloudFormation's own rules on an assembly before it is deployed; `make security` checks every stage."""

from collections.abc import Callable

from tests.infra.assembly import Assembly
from tests.infra.conftest import given_stage
from tools.security.lint import lint_output


def test_cfn_lint_finds_nothing(assembly: Callable[[str], Assembly]) -> None:
    assert lint_output(assembly(given_stage()).folder) == ""
