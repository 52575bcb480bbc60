"""Updates-Leak in TensorFlow: what the update of a classifier gives away to those who query it.

The folders are the steps that the data walks through; each imports only from those before it:
`data` -> `target` -> `corpus` -> `attacks` -> `evaluation` -> `serving`.
"""

__version__ = "0.1.0"
