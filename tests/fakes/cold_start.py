"""Cold start of a deployed function in this process."""

import importlib.util
from types import ModuleType


def cold_start(function: str) -> ModuleType:
    """Return a new module of a function's handler, as in a cold start, and leave `sys.modules` unchanged.

    A handler module reads its environment when it is imported, so a module that another test imported has that
    test's tables.
    """
    spec = importlib.util.find_spec(f"functions.{function}.handler")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
