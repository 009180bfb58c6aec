"""How long a test on other data takes: as finished tests of the kind took, else as the own test does, by its images."""

from __future__ import annotations

from statistics import median

from augment.artefacts.records import RUN, read_run
from augment.evaluation.reid import test_images
from pipelines.table5.estimates import KIND, MEASURED, Estimates, Pace
from pipelines.table5.other_tests import OtherData, OtherTest, tests_dir
from pipelines.table5.stages import Model, training_of


def pace_of_test(estimates: Estimates, test: OtherTest, other: OtherData) -> Pace | None:
    """What a test takes, all of which comes once; None where it is not known.

    Args:
        estimates: of the model's workspace.
        test: the test.
        other: the data set.
    """
    seconds = _finished(estimates, test)
    if seconds:
        return Pace(0.0, median(seconds), MEASURED)
    own = estimates.pace(Model(test.cell))
    if own is None:
        return None
    return Pace(0.0, own.once * other.images / len(test_images(estimates.data)), own.source)


def _finished(estimates: Estimates, test: OtherTest) -> list[float]:
    """Seconds of the finished tests on the same data of models with the same network, size and batch."""
    workspace, training = estimates.workspace, training_of(test.cell)
    seconds = []
    for folder in sorted(path.parent for path in (tests_dir(workspace) / test.other).glob(f"*/{RUN}")):
        tested, trained = read_run(folder), read_run(workspace.reid_dir(folder.name))
        if tested and trained and all(trained.options.get(name) == getattr(training, name) for name in KIND):
            seconds.append(tested.seconds)
    return seconds
