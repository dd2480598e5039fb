"""The suite under other processors, dates, time zones, locales, shells and Python versions."""
