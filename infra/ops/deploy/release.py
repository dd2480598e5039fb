"""The steps of a release in order: build, test, compare, confirm, deploy, smoke-test."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra.ops.deploy import assembly
from infra.ops.deploy.account import ready_account
from infra.ops.deploy.errors import DeployError
from infra.ops.deploy.smoke import own_token, smoke, url_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.ops.deploy.assembly import Record
    from infra.ops.deploy.toolkit import Toolkit
    from infra.ops.operate.stage_access import Clients

DIGEST_CHARS: Final = 16
EVERY_STACK: Final = ("--all",)


@dataclass(frozen=True, slots=True)
class Order:
    """Content, target and confirmation of a release.

    Attributes:
        stage: deployment stage.
        folder: folder of its assembly.
        account: required account; None: the account of the credentials.
        digest: required digest of the assembly, received from its builder by another channel; None: any.
        confirmed: deploy without asking.
        stacks: stacks that the CLI deploys: all of them, except in a rehearsal.
    """

    stage: str
    folder: Path
    account: str | None = None
    digest: str | None = None
    confirmed: bool = False
    stacks: tuple[str, ...] = EVERY_STACK


def prepare(stage: str, given: Mapping[str, str], folder: Path) -> None:
    """Build a stage's assembly and run the template tests on exactly its files.

    Raises:
        DeployError: it cannot be synthesized, or a test fails.
    """
    say(f"Building the assembly of {stage} ...")
    record = assembly.build(stage, given, folder)
    say(f"Testing exactly these files, {record.digest[:DIGEST_CHARS]} ...")
    say(described(assembly.prove(folder)))


def compare(order: Order, aws: Clients, toolkit: Toolkit) -> None:
    """Show what a deployment would change.

    Raises:
        DeployError: the assembly does not exist, or the account is not ready.
    """
    checked(order, aws)
    toolkit.run("diff", *_named(order.stacks))


def deploy(order: Order, aws: Clients, toolkit: Toolkit) -> None:
    """Show the changes, ask, and deploy the tested files.

    Raises:
        DeployError: not tested, not confirmed, not ready, or the deployment failed.
    """
    record = checked(order, aws)
    if not record.tests_passed:
        raise DeployError(f"{order.folder} was built and never tested: make assembly STAGE={order.stage}")
    toolkit.run("diff", *_named(order.stacks))
    if not order.confirmed:
        ask(order.stage)
    toolkit.run("deploy", *order.stacks, "--require-approval", "never", "--progress", "events")


def try_out(stage: str, aws: Clients, url: str | None = None) -> None:
    """Run the smoke test against a deployed stage.

    Raises:
        DeployError: a step of the smoke test failed.
    """
    address = url or url_of(aws, stage)
    say(f"Smoke test of {stage} ...")
    with own_token(aws, stage) as token:
        smoke(address, token, stage, say)


def described(record: Record) -> str:
    """Return a line that describes an assembly."""
    tested = f"{record.tests_passed} tests passed" if record.tests_passed else "NOT TESTED"
    return f"{record.stage}: assembly {record.digest[:DIGEST_CHARS]} of commit {record.commit}, {tested}"


def say(line: str) -> None:
    """Print a line for the operator."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def ask(name: str, question: str = "Deploy this?") -> None:
    """Ask the operator to confirm by typing a name.

    Raises:
        DeployError: the session is not interactive, or another word was typed.
    """
    if not sys.stdin.isatty():
        raise DeployError("Nobody is there to confirm. Read what is shown above, then run it with YES=1.")
    sys.stdout.write(f"{question} Type {name}: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip() != name:
        raise DeployError("Not confirmed; nothing was done.")


def checked(order: Order, aws: Clients) -> Record:
    """Return the record of an order's assembly after printing its source and target.

    Raises:
        DeployError: it is not the ordered assembly, or the account is not ready.
    """
    record = assembly.read(order.folder)
    if record.stage != order.stage:
        raise DeployError(f"{order.folder} is an assembly of {record.stage}, not of {order.stage}.")
    if order.digest and order.digest != record.digest:
        raise DeployError(f"{order.folder} is assembly {record.digest}, not {order.digest} as it was built.")
    account = ready_account(aws, order.account)
    say(f"{described(record)}\nto account {account.account_id}, region {account.region}")
    return record


def _named(stacks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments of `cdk diff`, which compares every stack without any and knows no --all."""
    return () if stacks == EVERY_STACK else stacks


def is_automatic() -> bool:
    """Return whether a pipeline runs this; its approval precedes the job."""
    return os.environ.get("CI") == "true"
