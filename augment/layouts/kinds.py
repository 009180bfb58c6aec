"""The ways in which images of a data set can be laid out, and what follows from each."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class DataLayout(StrEnum):
    """How a workspace's images are laid out; the one place that knows what is special about a data set."""

    MARKET1501 = "market1501"
    FOLDERS = "folders"
    DEEPFASHION = "deepfashion"
    CSV = "csv"
    MOT = "mot"

    @property
    def is_of_a_folder(self) -> bool:
        """Whether `augment init` is given a folder, not a file."""
        return self is not DataLayout.CSV

    @property
    def serves_reid(self) -> bool:
        """Whether there are cameras and queries."""
        return self is not DataLayout.DEEPFASHION

    @property
    def is_cropped(self) -> bool:
        """Whether images are crops, so that joints of the whole photograph may lie outside of them."""
        return self is DataLayout.DEEPFASHION

    @property
    def is_linked(self) -> bool:
        """Whether a workspace's images are links to files that somebody may move."""
        return self in (DataLayout.FOLDERS, DataLayout.CSV, DataLayout.MOT)

    @property
    def generator_preset(self) -> str:
        """The preset of `augment patn-train` whose numbers are for such images, and whose figures the paper has."""
        return "deepfashion" if self is DataLayout.DEEPFASHION else "market"

    @property
    def published_pairs(self) -> Mapping[str, int] | None:
        """How many training and test pairs the paper has, where not all that there are, by split."""
        return _FASHION_PAIRS if self is DataLayout.DEEPFASHION else None

    @property
    def published_counts(self) -> Mapping[str, int] | None:
        """How many images and identities the authors' lists have, by split; None for other data."""
        return _FASHION_COUNTS if self is DataLayout.DEEPFASHION else None


_FASHION_PAIRS = MappingProxyType({"train": 101_966, "gallery": 8_570})
_FASHION_COUNTS = MappingProxyType(
    {"train": 48_674, "train identities": 12_029, "gallery": 4_038, "gallery identities": 1_000}
)
"""No identity is in both lists."""
