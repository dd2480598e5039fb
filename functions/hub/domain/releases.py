"""Compatibility between releases that read the same tables and queues.

During a deployment, and after a rollback, a function reads records and events that a newer release wrote
(ADR-0027). It ignores members that the newer release added. There are two exceptions: an unknown member of a
request is a typing error and is refused, and an exit policy is applied whole or not at all, because an
ignored limit would be unwatched.
"""

from typing import Final

UNKNOWN_MEMBERS: Final = "ignore"
"""Treatment of members that this release does not know, in data written by the hub itself."""
