"""`python -m infra.ops.deploy assembly|diff|deploy|smoke|destroy --stage NAME`; `make` has a target for each."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.context_values import CONTEXT_KEYS, context_pair
from infra.environments import ENVIRONMENTS
from infra.errors import DeployError, LocalStageError, TokenError
from infra.ops.deploy import release
from infra.ops.deploy.assembly import ASSEMBLIES
from infra.ops.deploy.teardown import destroy
from infra.ops.deploy.toolkit import Toolkit
from infra.ops.operate.stage_access import LOCAL, clients_for
from infra.recovery.errors import OperateError, error_text

if TYPE_CHECKING:
    from collections.abc import Sequence

# Stacks whose deployment ends with the smoke test: all of them, or the one with the functions.
SMOKE_TESTED = (None, "service")
EXPECTED_ERRORS = (DeployError, TokenError, OperateError, LocalStageError, ClientError, BotoCoreError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step; exit status 0 when it is done, 1 with the reason when it is not."""
    options = build_parser().parse_args(arguments)
    try:
        _run(options)
    except EXPECTED_ERRORS as error:
        sys.stderr.write(f"{error_text(error)}\n")
        return 1
    return os.EX_OK


def _run(options: argparse.Namespace) -> None:
    folder: Path = options.assembly or ASSEMBLIES / options.stage
    if options.step == "assembly":
        release.prepare(options.stage, dict(options.context), folder)
        return
    _refuse_local(options)
    aws = clients_for(options.stage)
    confirmed = options.yes or release.runs_in_ci()
    request = release.ReleaseRequest(
        options.stage,
        folder,
        options.account,
        options.digest,
        confirmed=confirmed,
        stacks=release.stacks_of(options.stage, options.stack),
    )
    if options.step == "diff":
        release.compare(request, aws, Toolkit(folder))
    if options.step == "deploy":
        release.deploy(request, aws, Toolkit(folder))
    if options.step == "destroy":
        destroy(request, aws, Toolkit(folder))
    if options.step == "smoke" or (options.step == "deploy" and options.stack in SMOKE_TESTED):
        release.run_smoke_test(options.stage, aws, options.url)


def _refuse_local(options: argparse.Namespace) -> None:
    """Refuse a step on the local stage that `make up` and `make down` do."""
    if options.stage == LOCAL:
        raise DeployError(
            f"{options.step} is for stages on AWS. `make up` deploys the local stage and publishes a sample, "
            "`. .local/env && sh infra/local/walkthrough.sh` shows every route, and `make down` stops it."
        )


def build_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    found = argparse.ArgumentParser(prog="python -m infra.ops.deploy", description=__doc__)
    found.add_argument("step", choices=("assembly", "diff", "deploy", "smoke", "destroy"))
    found.add_argument("--stage", choices=tuple(ENVIRONMENTS), required=True)
    found.add_argument(
        "--stack", choices=("data", "service", "operations"), help="diff or deploy only this stack (all)"
    )
    found.add_argument("--assembly", type=Path, help="folder of the assembly (.build/assembly/<stage>)")
    found.add_argument("--account", help="the required AWS account; any other is an error")
    found.add_argument("--digest", help="the digest that the assembly must have")
    found.add_argument("--yes", action="store_true", help="deploy without confirmation")
    found.add_argument(
        "--url", help="the URL of the API, if this machine cannot reach the URL in the stack's outputs"
    )
    found.add_argument(
        "-c", dest="context", type=_pair, action="append", default=[], metavar="KEY=VALUE",
        help=f"for the assembly: {', '.join(CONTEXT_KEYS)}",
    )  # fmt: skip
    return found


def _pair(text: str) -> tuple[str, str]:
    try:
        return context_pair(text, CONTEXT_KEYS)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
