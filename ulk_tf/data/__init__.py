"""Data sets, and who owns which of their samples."""
