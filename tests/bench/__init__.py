"""The budgets, measured: each figure beside a floor that the same run measured."""
