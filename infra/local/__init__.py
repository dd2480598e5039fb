"""The local stage: the committed template, deployed to an AWS emulator on this machine."""
