"""One construct per file; each says what it may do and why."""

from infra.locked_node import use_locked_node

use_locked_node()
