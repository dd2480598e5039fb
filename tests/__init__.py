"""Tests of the hub; tests/README.md says what each folder proves."""
