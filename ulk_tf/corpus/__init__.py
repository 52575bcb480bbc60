"""Corpora: many updates on disk, the plan of each and the posteriors after it."""
