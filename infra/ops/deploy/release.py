"""The steps of a release in order: build, test, compare, confirm, deploy, smoke-test."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra import names
from infra.errors import DeployError
from infra.ops.deploy import assembly
from infra.ops.deploy.account import ready_account
from infra.ops.deploy.smoke import api_url, smoke, temporary_token

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.ops.deploy.assembly import Record
    from infra.ops.deploy.toolkit import Toolkit
    from infra.ops.operate.stage_access import Clients

DIGEST_CHARS: Final = 16
ALL_STACKS: Final = ("--all",)


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """Content, target and confirmation of a release.

    Attributes:
        stage: deployment stage.
        folder: folder of its assembly.
        account: required account; None: the account of the credentials.
        digest: required digest of the assembly, received from its builder by another channel; None: any.
        confirmed: deploy without confirmation.
        stacks: arguments that name the stacks for the CLI; see `stacks_of`.
    """

    stage: str
    folder: Path
    account: str | None = None
    digest: str | None = None
    confirmed: bool = False
    stacks: tuple[str, ...] = ALL_STACKS


def stacks_of(stage: str, part: names.StackPart | None) -> tuple[str, ...]:
    """Return the arguments for one stack of a stage, without the stacks that it depends on; None: for all."""
    return ALL_STACKS if part is None else (names.stack_name(stage, part), "--exclusively")


def prepare(stage: str, context_values: Mapping[str, str], folder: Path) -> None:
    """Build a stage's assembly and run the template tests on exactly its files.

    Raises:
        DeployError: it cannot be synthesized, or a test fails.
    """
    say(f"Building the assembly of {stage} ...")
    record = assembly.build(stage, context_values, folder)
    say(f"Testing exactly these files, {record.digest[:DIGEST_CHARS]} ...")
    say(describe(assembly.run_template_tests(folder)))


def compare(request: ReleaseRequest, aws: Clients, toolkit: Toolkit) -> None:
    """Show what a deployment would change.

    Raises:
        DeployError: the assembly does not exist, or the account is not ready.
    """
    check_assembly(request, aws)
    toolkit.run("diff", *_stack_arguments(request.stacks))


def deploy(request: ReleaseRequest, aws: Clients, toolkit: Toolkit) -> None:
    """Show the changes, ask, and deploy the tested files.

    Raises:
        DeployError: not tested, not confirmed, not ready, or the deployment failed.
    """
    record = check_assembly(request, aws)
    if not record.tests_passed:
        raise DeployError(
            f"{request.folder} was built but not tested: run make assembly STAGE={request.stage}"
        )
    toolkit.run("diff", *_stack_arguments(request.stacks))
    if not request.confirmed:
        require_confirmation(request.stage)
    toolkit.run("deploy", *request.stacks, "--require-approval", "never", "--progress", "events")


def run_smoke_test(stage: str, aws: Clients, url: str | None = None) -> None:
    """Run the smoke test against a deployed stage.

    Raises:
        DeployError: a step of the smoke test failed.
    """
    address = url or api_url(aws, stage)
    say(f"Smoke test of {stage} ...")
    with temporary_token(aws, stage) as token:
        smoke(address, token, stage, say)


def describe(record: Record) -> str:
    """Return a line that describes an assembly."""
    tested = f"{record.tests_passed} tests passed" if record.tests_passed else "NOT TESTED"
    return f"{record.stage}: assembly {record.digest[:DIGEST_CHARS]} of commit {record.commit}, {tested}"


def say(line: str) -> None:
    """Print a line for the operator."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def require_confirmation(name: str, question: str = "Deploy this?") -> None:
    """Ask the operator to confirm by typing a name.

    Raises:
        DeployError: the session is not interactive, or another word was typed.
    """
    if not sys.stdin.isatty():
        raise DeployError(
            "No terminal is available to confirm. Check the output above, then run the command again with YES=1."
        )
    sys.stdout.write(f"{question} Type {name}: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip() != name:
        raise DeployError("Not confirmed; nothing was changed.")


def check_assembly(request: ReleaseRequest, aws: Clients) -> Record:
    """Return the record of a request's assembly after printing its source and target.

    Raises:
        DeployError: it is not the ordered assembly, or the account is not ready.
    """
    record = assembly.read(request.folder)
    if record.stage != request.stage:
        raise DeployError(f"{request.folder} is an assembly of {record.stage}, not of {request.stage}.")
    if request.digest and request.digest != record.digest:
        raise DeployError(
            f"{request.folder} holds assembly {record.digest}, not the requested {request.digest}. Pass the folder of "
            "the requested assembly."
        )
    account = ready_account(aws, request.account)
    say(f"{describe(record)}\nto account {account.account_id}, region {account.region}")
    return record


def _stack_arguments(stacks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments of `cdk diff`, which compares every stack without any and knows no --all."""
    return () if stacks == ALL_STACKS else stacks


def runs_in_ci() -> bool:
    """Return whether a pipeline runs this; its approval precedes the job."""
    return os.environ.get("CI") == "true"
