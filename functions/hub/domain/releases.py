"""What a release owes the ones before and after it: all of them read the same tables and the same queues.

While a deployment changes from one release to the next, and after it changed back, a function meets records and events
that a newer release wrote (ADR-0027). What a newer release added is no fault: whoever reads leaves out what it does not
know. Two things are another matter: in a request an unknown member is a mistyped one, and refused; and an exit policy is
applied whole or not at all, since a limit that is left out is a limit that nobody watches.
"""

from typing import Final

UNKNOWN_MEMBERS: Final = "ignore"
"""What becomes of members that this release does not know, in what the hub itself has written."""
