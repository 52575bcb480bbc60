"""Exports that the tests of audits read."""

from tests.exports import exports, label_export, seeded_export

__all__ = ["exports", "label_export", "seeded_export"]
