"""Somebody else's exceptions in one readable line, as clients of a target need them."""

from ulk_tf.reasons import one_line, reason

__all__ = ["one_line", "reason"]
