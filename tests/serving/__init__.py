"""Tests of serving; the small attacks that they export are those of all tests."""

from tests import standins

__all__ = ["standins"]
