"""Environment variables of a function, as the committed template of the local stage sets them."""

import json
from functools import cache

from infra.names import FunctionFolder, handler
from tests.adapters.conftest import ASSEMBLY


@cache
def template_variables(folder: FunctionFolder) -> dict[str, str]:
    """Return a function's variables; each reference is replaced by a word."""
    template = json.loads(next(ASSEMBLY.glob("*service.template.json")).read_text(encoding="utf-8"))
    (properties,) = (
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource.get("Properties", {}).get("Handler") == handler(folder)
    )
    given = properties["Environment"]["Variables"].items()
    return {name: value if isinstance(value, str) else "referenced" for name, value in given}
