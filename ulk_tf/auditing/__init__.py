"""Audits: what exported attacks read from two versions of a target."""
