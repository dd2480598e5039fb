"""Refusal of a policy file: its findings on stderr, with --json as one document, and the exit status."""

import typer

from risk_hub_client.cli.policy_file import Finding
from risk_hub_client.cli.screen import print_document, print_error
from risk_hub_client.cli.session import REFUSED

__all__ = ["refusal"]


def refusal(name: str, findings: list[Finding], *, json: bool) -> typer.Exit:
    """Print findings and return the exit of the command."""
    if json:
        print_document({"file": name, "valid": False, "errors": [each.as_document() for each in findings]})
    for finding in findings:
        print_error(finding.as_text(name))
    return typer.Exit(REFUSED)
