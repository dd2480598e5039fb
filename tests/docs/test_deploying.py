"""The deployment guide: without an account to run on, each of its commands is checked up to its parser."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from infra.context_values import resolve_environment
from infra.environments import ENVIRONMENTS
from infra.ops.deploy import __main__ as deploy
from infra.ops.deploy import prepare_account

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "deploying.md"
BLOCK = re.compile(r"```shell\n(.*?)```", re.DOTALL)


def commands(page: Path) -> list[str]:
    return [line for block in BLOCK.findall(page.read_text(encoding="utf-8")) for line in block.splitlines()]


MAKE = [line for line in commands(GUIDE) if line.startswith("make ")]


def started(line: str) -> list[list[str]]:
    """Return the module and arguments of each of our programs that make would run."""
    done = subprocess.run(
        ["make", "-n", *shlex.split(line)[1:]], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    runs = [shlex.split(each) for each in done.stdout.splitlines() if " -m infra.ops.deploy" in each]
    return [each[each.index("-m") + 1 :] for each in runs]


@pytest.mark.parametrize("line", MAKE)
def test_deployment_guide_commands_are_accepted_by_their_parsers(line: str) -> None:
    runs = started(line)
    assert runs
    for module, *arguments in runs:
        if module == "infra.ops.deploy.prepare_account":
            options = prepare_account.build_parser().parse_args(arguments)
            assert options.repository == "owner/name"
        else:
            options = deploy.build_parser().parse_args(arguments)
            given = dict(options.context)
            if options.step == "assembly":
                assert resolve_environment(options.stage, **given).name == options.stage


def test_make_deploy_builds_an_assembly_unless_one_is_given() -> None:
    steps = [
        [arguments[1] for arguments in started(line)] for line in MAKE if line.startswith("make deploy ")
    ]
    assert steps == [["assembly", "deploy"], ["assembly", "deploy"], ["deploy"]]


def test_make_deploy_passes_every_option_to_the_assembly() -> None:
    (line,) = [line for line in MAKE if "STAGE=prod" in line and "deploy" in line]
    (assembly, deployment) = started(line)
    given = dict(deploy.build_parser().parse_args(assembly[1:]).context)
    assert set(given) == {"allowed_networks", "critical_subscribers", "warning_subscribers", "runbook_base"}
    assert deploy.build_parser().parse_args(deployment[1:]).account == "111122223333"


def test_the_guide_names_each_stage_and_each_step() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"| {stage} |" in text for stage in ENVIRONMENTS if stage != "local")
    assert {line.split()[1] for line in MAKE} == {"account", "assembly", "deploy", "destroy", "diff", "smoke"}


def test_both_languages_give_the_same_commands() -> None:
    assert commands(GUIDE) == commands(GUIDE.with_name("deploying.ko.md"))
    assert GUIDE.read_text(encoding="utf-8").count("\n| ") == GUIDE.with_name("deploying.ko.md").read_text(
        encoding="utf-8"
    ).count("\n| ")
