"""The image data sets that torchreid reads: where their files lie, what they are for, which counts torchreid states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from augment import AugmentError, Misuse

CUHK03 = "cuhk03"


@dataclass(frozen=True)
class TorchreidSet:
    """A data set as torchreid 0.2.5 reads it.

    Attributes:
        folder: torchreid's name of the folder that holds it.
        needs: what has to lie below that folder.
        or_needs: the same of a second version of the data set.
        splits: how many splits there are to choose from.
        trains: whether there are training images.
        tests: whether there are queries and a gallery.
        counts: images and identities that torchreid's documentation states, under the names of `augment check`.
    """

    folder: str
    needs: tuple[str, ...]
    splits: int = 1
    trains: bool = True
    tests: bool = True
    counts: Mapping[str, int] = field(default_factory=dict)
    or_needs: tuple[str, ...] = ()

    @property
    def versions(self) -> tuple[tuple[str, ...], ...]:
        """What has to lie below the folder, of each version."""
        return (self.needs, self.or_needs) if self.or_needs else (self.needs,)


def _counts(train: int, train_identities: int, query: int, gallery: int) -> dict[str, int]:
    return {"train": train, "train identities": train_identities, "query": query, "gallery": gallery}


def _below(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


_LISTS = ("list_train.txt", "list_val.txt", "list_query.txt", "list_gallery.txt")
_MARKET = ("bounding_box_train", "query", "bounding_box_test")
SETS: dict[str, TorchreidSet] = {
    "market1501": TorchreidSet(
        "market1501", _below("Market-1501-v15.09.15", *_MARKET), counts=_counts(12_936, 751, 3_368, 15_913)
    ),
    CUHK03: TorchreidSet(
        "cuhk03",
        (
            "cuhk03_release/cuhk-03.mat",
            "cuhk03_new_protocol_config_detected.mat",
            "cuhk03_new_protocol_config_labeled.mat",
        ),
        counts={"train identities": 767, "query identities": 700},
    ),
    "dukemtmcreid": TorchreidSet(
        "dukemtmc-reid", _below("DukeMTMC-reID", *_MARKET), counts=_counts(16_522, 702, 2_228, 17_661)
    ),
    "msmt17": TorchreidSet(
        "msmt17",
        _below("MSMT17_V1", "train", "test", *_LISTS),
        counts={"query": 11_659, "gallery": 82_161},
        or_needs=_below("MSMT17_V2", "mask_train_v2", "mask_test_v2", *_LISTS),
    ),
    "viper": TorchreidSet("viper", _below("VIPeR", "cam_a", "cam_b"), 20, counts=_counts(632, 316, 316, 316)),
    "grid": TorchreidSet(
        "grid",
        _below("underground_reid", "probe", "gallery", "features_and_partitions.mat"),
        10,
        counts=_counts(250, 125, 125, 900),
    ),
    "cuhk01": TorchreidSet("cuhk01", ("campus",), 20, counts=_counts(1_940, 485, 972, 972)),
    "ilids": TorchreidSet(
        "ilids", ("i-LIDS_Pedestrian/Persons",), 10, counts={"train identities": 59, "query": 60, "gallery": 60}
    ),
    "sensereid": TorchreidSet(
        "sensereid",
        _below("SenseReID", "test_probe", "test_gallery"),
        trains=False,
        counts={"query": 1_040, "query identities": 522, "gallery": 3_388, "gallery identities": 1_717},
    ),
    "prid": TorchreidSet(
        "prid2011", _below("prid_2011/single_shot", "cam_a", "cam_b"), 10, counts=_counts(200, 100, 100, 649)
    ),
    "cuhk02": TorchreidSet(
        "cuhk02",
        _below("Dataset", *(f"P{pair}/cam{camera}" for pair in range(1, 6) for camera in (1, 2))),
        counts={"train identities": 1_577, "query identities": 239},
    ),
    "cuhksysu": TorchreidSet(
        "cuhksysu", ("cropped_images",), tests=False, counts={"train": 34_574, "train identities": 11_934}
    ),
}
"""The data sets by torchreid's name.  Of those with random splits a half of the identities trains.

MSMT17's validation list is part of no split in torchreid, so its training images are fewer than the 32,621 published.
"""

UNFIT = {"university1652": "its images are of buildings from above, not of people"}
"""The data sets of torchreid that cannot serve, and why."""


@dataclass(frozen=True)
class SetChoice:
    """Which data set, and which of its versions and splits.

    Attributes:
        name: torchreid's.
        split: number of the split, from 0.
        labeled: of cuhk03: boxes by hand, not by a detector.
        classic: of cuhk03: the 20 splits of 100 test identities, not the new one.
    """

    name: str
    split: int = 0
    labeled: bool = False
    classic: bool = False

    def __post_init__(self) -> None:
        if self.name in UNFIT:
            raise AugmentError(f"{self.name} cannot be used here: {UNFIT[self.name]}; choose one of {', '.join(SETS)}")
        if self.name not in SETS:
            raise AugmentError(f"there is no data set {self.name!r}; choose one of {', '.join(SETS)}")
        if (self.labeled or self.classic) and self.name != CUHK03:
            raise Misuse(f"{self.name} has one version; ⟨labeled⟩ and ⟨classic⟩ are for cuhk03")
        if not 0 <= self.split < self.splits:
            raise Misuse(f"{self.title} has no split {self.split}; the splits are 0 to {self.splits - 1}")

    @property
    def entry(self) -> TorchreidSet:
        """What is known of the data set."""
        return SETS[self.name]

    @property
    def splits(self) -> int:
        """How many splits there are."""
        return 20 if self.classic else self.entry.splits

    @property
    def title(self) -> str:
        """The choice in words, without its split."""
        return " ".join([self.name, *["labeled"] * self.labeled, *["classic"] * self.classic])

    @property
    def key(self) -> str:
        """The choice as `augment.toml` keeps it: `viper split 3`."""
        return self.title + (f" split {self.split}" if self.splits > 1 else "")

    @property
    def options(self) -> dict[str, int | bool]:
        """The arguments of torchreid's class."""
        if self.name == CUHK03:
            return {"split_id": self.split, "cuhk03_labeled": self.labeled, "cuhk03_classic_split": self.classic}
        return {"split_id": self.split} if self.splits > 1 else {}


def published_counts(key: str) -> Mapping[str, int]:
    """The counts that torchreid states, by name; none for cuhk03's classic splits and for unknown names.

    Args:
        key: of a `SetChoice`.
    """
    name, *words = key.split()
    return {} if name not in SETS or "classic" in words else SETS[name].counts


def find_base(folder: Path, entry: TorchreidSet) -> Path:
    """The folder below which everything lies that a data set needs.

    Args:
        folder: torchreid's root, the data set's folder in it, or the folder as its owners ship it.
        entry: the data set.

    Raises:
        AugmentError: where something is missing, with the layout that is expected.
    """
    candidates = (folder / entry.folder, folder, folder.parent)
    found = {
        (base, version): [need for need in version if not (base / need).exists()]
        for base in candidates
        for version in entry.versions
    }
    (base, version), missing = min(found.items(), key=lambda item: len(item[1]))
    if not missing:
        return base
    raise AugmentError(
        f"{folder}: has no {missing[0]}; what is expected in it, or in {entry.folder}/ in it, is {', '.join(version)}, "
        "as the owners ship it; nothing is downloaded"
    )
