"""Recorded results: made again, compared, and put beside what an owner could read."""
