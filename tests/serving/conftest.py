"""Exports that the tests of serving read."""

from tests.exports import exports, label_export, seeded_export

__all__ = ["exports", "label_export", "seeded_export"]
