"""Tests on a local stage; a package, so that the stage stops when the last of them has run."""
