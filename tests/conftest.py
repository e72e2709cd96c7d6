"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How fast an example is made or tried says something of the machine and nothing of the law; where time is promised, a test asks for it.
settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")
