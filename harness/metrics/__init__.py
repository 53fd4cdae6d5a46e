"""Metrics: one business figure each, as it was and as production could have seen it."""
