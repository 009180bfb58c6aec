"""What arrays are called in signatures."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""An array whose numbers the docstring names: features, key points, distances, masks."""

Pixels: TypeAlias = NDArray[np.uint8]
"""Images, channels last: H x W x 3 or N x H x W x 3, RGB."""
