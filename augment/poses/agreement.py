"""How far a pose estimator agrees with the exact joints that came with rendered data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.plurals import counted
from augment.poses.estimation import estimate_sample
from augment.poses.estimators import DEFAULT, Choice
from augment.results import Result, spread
from augment.workspace import POSE_FILES
from numerics.seeds import Stream, random_stream
from patn.keypoints import joints_present, keypoint_array, keypoint_table, read_keypoints
from patn.metrics.pckh import pckh_by_head_size
from reid.data.market1501 import JUNK

HEAD_SIZES = "head_size.csv"


@dataclass(frozen=True)
class Agreement(Result):
    """How far estimated joints agree with exact ones.

    Attributes:
        images: that were compared.
        found: the share of them in which a person was found, in [0, 1].
        pckh: PCKh@0.5 in [0, 1], None where no image counted. A joint is right within half a head's size of the exact
            one; joints not found are wrong.
        joint_pckh: of each of the 18 joints, None where it never counted.
    """

    images: int
    found: float
    pckh: float | None
    joint_pckh: tuple[float | None, ...]


@dataclass(frozen=True)
class SampleAgreement(Result):
    """The agreement of an estimator on a sample of images.

    Attributes:
        estimator: its name.
        agreement: with exact joints.
    """

    estimator: str
    agreement: Agreement = field(metadata=spread(Agreement))


def agreement(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> Agreement | None:
    """The agreement of key points with exact ones; None where no exact joints are known.

    Args:
        data: whose exact joints they are compared with.
        tables: estimated key point tables by split; junk images do not count.
    """
    truths, guesses, sizes = [], [], []
    for split, table in tables.items():
        exact, heads = exact_joints(data, split)
        names = exact.index.intersection(table.index, sort=False)
        if len(names):
            truths.append(keypoint_array(exact, names))
            guesses.append(keypoint_array(table, names))
            sizes.append(heads.loc[names].to_numpy())
    if not truths:
        return None
    truth, guess = np.concatenate(truths), np.concatenate(guesses)
    score = pckh_by_head_size(truth, guess, np.concatenate(sizes))
    return Agreement(
        len(truth),
        round(float(joints_present(guess).any(axis=1).mean()), 4),
        round(float(score.score), 4) if score.images else None,
        tuple(None if np.isnan(share) else round(float(share), 4) for share in score.joint_scores),
    )


def sample_agreement(
    data: Dataset, *, estimator: str | Choice = DEFAULT, count: int = 200, seed: int = 0, jobs: int = 1
) -> SampleAgreement:
    """The agreement on a sample of all images that have exact joints; nothing is written.

    Args:
        data: whose images are sampled.
        estimator: what finds the joints.
        count: of images in the sample, at most.
        seed: of the sample.
        jobs: processes.

    Raises:
        AugmentError: where no exact joints came with the data, or the estimator is not installed.
    """
    images = data.images
    known = {(split, name) for split in POSE_FILES for name in exact_joints(data, split)[0].index}
    images = images[[key in known for key in zip(images["split"], images["name"], strict=True)]]
    if images.empty:
        raise AugmentError(f"{data.folder / 'keypoints'}: no exact joints; only rendered data has them")
    chosen = np.sort(random_stream(seed, Stream.AGREEMENT_SAMPLE).permutation(len(images))[:count])
    images = images.iloc[chosen]
    points = estimate_sample(images["path"].tolist(), estimator, data.size, jobs)
    tables = {
        split: keypoint_table(list(part["name"]), points[(images["split"] == split).to_numpy()])
        for split, part in images.groupby("split")
    }
    result = agreement(data, {str(split): table for split, table in tables.items()})
    assert result is not None
    return SampleAgreement(Choice.of(estimator).name, result)


def exact_joints(data: Dataset, split: str) -> tuple[pd.DataFrame, pd.Series]:
    """Exact key point table of a split without junk, and head sizes in pixels by image name; both empty without data.

    Junk images (pid -1) are botched crops, often without a head or a body: nobody asks an estimator to find them.

    Args:
        data: whose data may have come with them.
        split: train, query or gallery.

    Raises:
        AugmentError: where there are joints and no head sizes.
    """
    file = data.exact_keypoints[split]
    if not file.is_file():
        return keypoint_table([], np.empty((0, 18, 2))), pd.Series(dtype=float)
    path = file.with_name(HEAD_SIZES)
    try:
        heads = pd.read_csv(path).set_index("name")["head_size"].astype(float)
    except (OSError, ValueError, KeyError) as error:
        raise AugmentError(f"{path}: head sizes cannot be read ({error}); render the data again") from error
    exact = read_keypoints(file)
    known = exact.index.isin(heads.index[heads > 0]) & ~exact.index.str.startswith(f"{JUNK}_")
    return exact[known], heads


def agreement_text(result: Agreement) -> str:
    """An agreement in words.

    Args:
        result: as `agreement` returns it.
    """
    pckh = "none" if result.pckh is None else f"{result.pckh:.3f}"
    images = counted(result.images, "image")
    return f"Against exact joints ({images}): found {result.found:.1%}, PCKh@0.5 {pckh}"
