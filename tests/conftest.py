"""Settings of all tests. Hypothesis has no deadline: these machines are shared, and a slow minute is not a fault."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
