"""Built-in data: rendered pedestrians in the Market-1501 layout, with exact OpenPose-18 key points.

A person is a 3-D articulated figure whose surfaces are dense sets of points (`figure`), dressed by its identity
(`identity`, `garments`, `head`, `bags`), moved by a pose (`skeleton`), and photographed by one of a few fixed
cameras (`scenery`, `camera`, `photograph`). `dataset.render` writes the folder. numpy and Pillow only.
"""

from typing import TYPE_CHECKING

from augment.pedestrians.settings import Pedestrians

if TYPE_CHECKING:
    from augment.pedestrians.dataset import render

__all__ = ["Pedestrians", "render"]


def __getattr__(name: str) -> object:
    """`render` is loaded on first use, so that importing the settings stays cheap."""
    if name == "render":
        from augment.pedestrians.dataset import render  # loads pandas

        return render
    raise AttributeError(name)
