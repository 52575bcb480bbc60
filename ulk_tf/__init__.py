"""Updates-Leak in TensorFlow: what the update of a classifier gives away to those who query it.

The folders are the steps that the data walks through; each imports only from those before it:
`data` -> `target` -> `corpus` -> `attacks` -> `evaluation` -> `serving`.
"""

import os
import sys

# On processors without AVX512 TensorFlow leaves oneDNN's convolutions off unless told otherwise,
# and trains base models at half the speed, updates sets of 100 at half. It reads this when it is
# imported; workers inherit it, so that they answer the same bytes as this process.
if "tensorflow" not in sys.modules:
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

__version__ = "0.1.0"
