"""Answers: what raw answers of a classifier are, in one canonical form."""
