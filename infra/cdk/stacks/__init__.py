"""The three stacks of a stage; they only compose constructs."""

from infra.locked_node import use_locked_node

use_locked_node()
