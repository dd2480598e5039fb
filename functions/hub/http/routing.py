"""Which handler answers a path: the routes of a door, in the order in which they were added."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from functions.hub.http.request import Request
from functions.hub.http.responses import Response
from risk_hub_contracts.problems import NOT_FOUND, ProblemError

RequestHandler = Callable[[Request, Mapping[str, str]], Response]
PATH_VALUE = re.compile("<([a-z0-9_]+)>")
# What a path value may hold besides word characters: RFC 3986's marks, and what gateways pass on decoded.
MARKS = re.escape("-._~()'!*:@,;=+&$%<> []{}|^")


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a path with its `<names>`, the paths that are one of it, and who answers."""

    method: str
    path: str
    pattern: re.Pattern[str]
    handle: RequestHandler


class Routes:
    """Finds the first route that fits."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def add(self, method: str, path: str, handle: RequestHandler) -> None:
        """Add a route; `<name>` in its path stands for a path value, and slashes at a path's end say nothing."""
        pattern = PATH_VALUE.sub(rf"(?P<\1>[{MARKS}\\w]+)", path)
        self._routes.append(Route(method, path, re.compile(f"{pattern}/*"), handle))

    def find(self, method: str, path: str) -> tuple[RequestHandler, dict[str, str]]:
        """Return the handler of a request and its path values as they stand in the path, or refuse (`not-found`)."""
        for route in self._routes:
            if route.method == method and (fits := route.pattern.fullmatch(path)):
                return route.handle, fits.groupdict()
        raise ProblemError(NOT_FOUND, "this hub has no such route")
