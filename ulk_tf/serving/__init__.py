"""Serving: exports, conformance, and the audit of a live model."""
