"""Reproduction: recorded results, repeated, compared, and set beside white-box yardsticks."""
