"""What has to be there before hours of work begin; each function raises one sentence that says what to do."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pandas as pd

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import given_pairs
from reid.data.market1501 import FOLDERS, Split, identities_in_both

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reid.training import ReidTraining

log = logging.getLogger(__name__)


def require_ranking(data: Dataset, test: pd.DataFrame) -> None:
    """Refuse query and gallery images that cannot tell one model from another.

    Args:
        data: whose folders the message names.
        test: columns pid, camid and split, without junk.

    Raises:
        AugmentError: without a query or gallery image, a match from another camera, or a second identity in the
            gallery.
    """
    query, gallery = (test[test["split"] == split] for split in (Split.QUERY, Split.GALLERY))
    if data.layout.is_linked and (query.empty or gallery.empty):
        raise AugmentError(
            f"{data.root}: none of its identities is kept for testing, so nothing can be evaluated; add images "
            f"from two cameras or more to the photographs that {data.folder} was made from, and make a workspace "
            "on them anew: `augment init`, which says why none is kept"
        )
    for split, rows in (("query", query), ("gallery", gallery)):
        if rows.empty:
            raise AugmentError(
                f"{data.folder / FOLDERS[split]}: no {split} image, so nothing can be evaluated; put images of test "
                f"identities there, which {FOLDERS['query']} and {FOLDERS['gallery']} show from different cameras"
            )
    matched = query.merge(gallery[gallery["pid"] > 0], on="pid")
    if not (matched["camid_x"] != matched["camid_y"]).any():
        raise AugmentError(
            f"{data.folder}: no query image has a gallery image of the same identity from another camera, so "
            "nothing can be evaluated; give images of the test identities from two cameras or more (_c1, _c2 in names)"
        )
    if gallery["pid"].nunique() < 2:
        raise AugmentError(
            f"{data.folder / FOLDERS['gallery']}: shows one identity only, so any model would rank without a "
            "mistake; put images of other identities there, too"
        )


def require_learnable(data: Dataset, training: ReidTraining, table: pd.DataFrame) -> None:
    """Refuse a training set from whose images a re-ID model has nothing to learn.

    Args:
        data: whose training identities are counted.
        training: says which epoch's model is kept.
        table: the images trained on, columns pid and camid.

    Raises:
        AugmentError: for a single identity, and where the best epoch is asked for and nobody is seen by two cameras.
    """
    place = data.folder / FOLDERS["train"]
    sizes = data.train["pid"].value_counts()
    if len(sizes) < 2:
        raise AugmentError(
            f"{place}: shows one training identity only, so there is nothing to tell apart; add images of others"
        )
    cameras = table.groupby("pid")["camid"].nunique()
    if training.model == "best" and not (cameras > 1).any():
        raise AugmentError(
            f"{place}: no training identity is seen by two cameras, so no epoch can be called the best; give ⟨model⟩ "
            "last, or images of more cameras"
        )


def warn_of_batches(training: ReidTraining, table: pd.DataFrame) -> None:
    """Log a warning where batches have to repeat images or identities.

    Args:
        training: says how large batches are and of how many identities.
        table: a row an image, with its pid.
    """
    identities = table["pid"].nunique()
    if len(table) < training.batch:
        log.warning(
            "A batch of %d images is more than the %d that there are: it repeats them; see --batch.",
            training.batch,
            len(table),
        )
    if training.instances is not None and identities < training.batch // training.instances:
        log.warning(
            "Batches are of %d identities with %d images each, and there are %d identities: each stands in one several "
            "times; --batch %d makes them of different ones.",
            training.batch // training.instances,
            training.instances,
            identities,
            identities * training.instances,
        )


def require_pairs(data: Dataset, names: Sequence[str], portion: float | None) -> None:
    """Refuse training images that make no pair.

    Args:
        data: whose pairs and identities are read.
        names: of training images that can be in a pair, see `pairable`.
        portion: p of M^R_p, for the message; None for all images.

    Raises:
        AugmentError: where no two are of one identity, or in one of the given pairs.
    """
    given = given_pairs(data, "train")
    if given is not None:
        found = (given["from"].isin(names) & given["to"].isin(names)).any()
    else:
        pid_of = data.train.set_index("name")["pid"]
        found = pid_of.loc[list(names)].duplicated().any()
    if not found:
        kept = "" if portion is None else f" among the images that ⟨portion⟩ {portion} keeps"
        remedy = "see `augment check`" if portion is None else "give a larger ⟨portion⟩, or see `augment check`"
        raise AugmentError(f"{data.folder}: no identity has two training images with a pose{kept}; {remedy}")


def in_both_said(images: pd.DataFrame) -> list[str]:
    """What to say of identities in both the training and the test part; nothing where there are none.

    Args:
        images: columns pid and split.
    """
    both = identities_in_both(images)
    known = "models know these before they are tested, and their figures are too high"
    return [f"identities in both the training and the test part: {both}; {known}"] if both else []
