"""Derived reports and signals: risk, stress, forecast, back-test, exit signal, receipt."""
