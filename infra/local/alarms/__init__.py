"""Local alarms: the rules of the operations template, evaluated here because the emulator cannot."""
