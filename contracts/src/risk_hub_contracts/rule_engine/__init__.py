"""Pure rule engine: an evaluation policy, a stage and the numbers of strategies give verdicts.

It has no clock and does no I/O. The same arguments give the same verdicts, and the order of
strategies, numbers and rules does not matter.
"""
