"""Evaluation runs: the metrics of a strategy and the results of the rules that judged them."""
