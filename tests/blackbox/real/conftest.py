"""An export whose probing set real servers are asked."""

from tests.exports import label_export

__all__ = ["label_export"]
