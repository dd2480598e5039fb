"""What all tests share."""

from hypothesis import HealthCheck, settings

# The machine may be busy: what a property says does not depend on how fast it is said.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
