"""Corpora: many updates on disk, what was planned and the posteriors after each."""
