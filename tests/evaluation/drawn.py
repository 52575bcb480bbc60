"""Pictures as a test sees them: their pixels, and where a colour is."""

import matplotlib.image
import numpy as np
from matplotlib.colors import to_rgb

NAMES = ["a", "b", "c"]


def pixels(path):
    """The picture as uint8 [height, width, 3]."""
    return np.round(matplotlib.image.imread(path)[..., :3] * 255).astype(np.uint8)


def box(picture, colour):
    """Left, top, right, bottom of the pixels of a colour; None where there are none."""
    wanted = np.round(np.array(to_rgb(colour)) * 255).astype(np.uint8)
    rows, columns = np.nonzero((picture == wanted).all(-1))
    if not len(rows):
        return None
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def coloured(colours, side=4):
    """One image of each colour, [n, side, side, 3]."""
    return np.stack([np.broadcast_to(to_rgb(colour), (side, side, 3)) for colour in colours])
