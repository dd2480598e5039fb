"""The local stage: the committed template, deployed into an AWS emulator on this machine."""
