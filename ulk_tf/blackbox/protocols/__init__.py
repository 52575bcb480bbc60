"""Protocols of servers: how each is asked, and how its answers are read."""
