"""Pure rule engine: an evaluation policy, a stage and the numbers of strategies give verdicts.

It has no clock and does no I/O. The same arguments give the same verdicts, in whatever order the strategies,
their numbers and the rules are given.
"""
