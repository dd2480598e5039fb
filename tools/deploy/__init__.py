"""Rehearsal of a deployment with a local emulator in place of an account."""
