"""The three stacks of a stage; they compose constructs and decide nothing else."""

from infra.locked_node import use_locked_node

use_locked_node()
