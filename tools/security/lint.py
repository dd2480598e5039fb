"""`python -m tools.security.lint`: CloudFormation's own rules on the templates of every stage and of its account."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from infra.cdk.account.stack import AccountPlan
from infra.environments import ENVIRONMENTS
from infra.ops.deploy.prepare_account import write_assembly
from tests.infra.assembly import CLOUD_STAGE_NAMES, STAGE_NAMES, synthesize

PROJECT = Path(__file__).parents[2]
ACCOUNT = AccountPlan("owner/name", tuple(ENVIRONMENTS[each].name for each in CLOUD_STAGE_NAMES))
PROGRAM = Path(sys.executable).with_name("cfn-lint")


def lint_output(assembly: Path) -> str:
    """Return cfn-lint's complaints about an assembly's templates; `.cfnlintrc.yaml` lists the ignored rules."""
    templates = sorted(map(str, assembly.glob("*.template.json")))
    if not templates:
        raise FileNotFoundError(f"{assembly} holds no template")
    done = subprocess.run(
        [str(PROGRAM), "--", *templates], cwd=PROJECT, capture_output=True, encoding="utf-8", check=False
    )
    return done.stdout + done.stderr + (f"exit status {done.returncode}\n" if done.returncode else "")


def main(stages: Iterable[str] = STAGE_NAMES) -> int:
    """Print the complaints about each stage; return 1 if there are any."""
    output = ""
    with tempfile.TemporaryDirectory() as folder:
        for stage in stages:
            output += lint_output(synthesize(stage, Path(folder) / stage).folder)
            sys.stdout.write(f"{stage}: linted\n")
        write_assembly(ACCOUNT, Path(folder) / "account")
        output += lint_output(Path(folder) / "account")
    sys.stdout.write(output)
    return 1 if output else 0


if __name__ == "__main__":
    raise SystemExit(main())
