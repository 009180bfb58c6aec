"""The first epoch of an augmented set mixes real and generated images evenly, for every preset, share and seed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augment.datasets.dataset import Dataset
from augment.datasets.reduced_set import reduced_set, training_images
from augment.generation.plan import Sampling, make_plan
from augment.training.reid_data import TrainingSet
from augment.workspace import Workspace
from numerics.arrays import Array
from reid.data.sampling import Sampler
from reid.training import PRESETS

IDENTITIES, EACH = 140, 10
PORTIONS, SEEDS = (0.1, 0.3, 0.5), (0, 1, 7)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """1,400 training images, of which only the names are read."""
    root = tmp_path_factory.mktemp("shares")
    folder = root / "data" / "bounding_box_train"
    folder.mkdir(parents=True)
    for pid in range(1, IDENTITIES + 1):
        for k in range(EACH):
            (folder / f"{pid:04d}_c{k % 6 + 1}s1_{k:06d}_01.jpg").touch()
    return Workspace.create(root, {"data": "data", "size": [64, 32], "seed": 0, "layout": "market1501"})


def training_table(workspace: Workspace, portion: float, seed: int, target_poses: str, home: Path) -> pd.DataFrame:
    """M^A_p as re-ID is given it: the kept images and the planned ones, from a folder with a manifest."""
    train = training_images(workspace.images())
    kept = reduced_set(workspace.images(), portion, seed)
    plan = make_plan(train, train["name"].tolist(), kept, Sampling(target_poses), seed)
    folder = home / f"{target_poses}-{portion}-{seed}"
    (folder / "bounding_box_train").mkdir(parents=True)
    rows = [*((name, "real") for name in kept), *((name, "generated") for name in plan["output"])]
    kinds = pd.DataFrame(rows, columns=["name", "kind"])
    for name in kinds["name"]:
        (folder / "bounding_box_train" / name).touch()
    kinds.to_csv(folder / "manifest.csv", index=False)
    return TrainingSet(portion, folder, seed=seed).table(workspace, Dataset.of(workspace))


def expected_spread(real: Array, labels: Array, batch: int, instances: int | None) -> tuple[float, float]:
    """Mean and at most standard deviation of the number of real images in a batch.

    Shuffled: hypergeometric.  P x K: a sum over P different identities of hypergeometric counts of K of their images;
    as many images of each identity are there, and choosing identities without repeating them only lowers the spread.
    """
    count, share = len(real), real.mean()
    if instances is None:
        return batch * share, float(np.sqrt(batch * share * (1 - share) * (count - batch) / (count - 1)))
    own = np.array([real[labels == label].mean() for label in np.unique(labels)])
    within = instances * own * (1 - own) * (EACH - instances) / (EACH - 1)
    return batch * share, float(np.sqrt(batch / instances * (within.mean() + (instances * own).var())))


@pytest.mark.parametrize("target_poses", ["removed", "reduced"])
def test_every_batch_of_the_first_epoch_has_its_share_of_real_images(
    workspace: Workspace, target_poses: str, tmp_path: Path
) -> None:
    for portion in PORTIONS:
        for seed in SEEDS:
            table = training_table(workspace, portion, seed, target_poses, tmp_path)
            labels = np.unique(table["pid"], return_inverse=True)[1]
            real = ~table["generated"].to_numpy()
            assert len(real) == IDENTITIES * EACH
            assert real.mean() == pytest.approx(portion)
            for name, training in PRESETS.items():
                sampler = Sampler(labels, batch=training.batch, instances=training.instances, seed=seed)
                found = np.array([real[sampler.indices(step)].sum() for step in range(sampler.passes)])
                mean, spread = expected_spread(real, labels, training.batch, training.instances)
                assert np.abs(found - mean).max() < 5 * spread, (name, portion, seed, found)
                assert found.std() > spread / 4, (name, portion, seed, found)  # by chance, not by turns
