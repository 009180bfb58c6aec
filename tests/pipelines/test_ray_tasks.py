"""Ray: how it is started, the share of a machine that a task gets, and what is said where it cannot run."""

import socket

import pytest

from augment import AugmentError
from augment.runtime import Runtime
from augment.workers import available_cores
from pipelines.grid.pools import Placement
from pipelines.grid.ray_tasks import Share, _start_here, ray_tasks, share_of


def test_a_ray_cluster_that_does_not_answer_is_one_sentence() -> None:
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    sentence = rf"ray {address}: no Ray cluster answers .*; start one with `ray start --head`"
    with pytest.raises(AugmentError, match=sentence):
        ray_tasks(Placement(ray=address), Runtime("cpu")).__enter__()


class Sluggish:
    """A Ray that starts at the given attempt only."""

    def __init__(self, starts_at: int) -> None:
        self.left, self.started_with = starts_at, dict[str, object]()

    def init(self, **options: object) -> None:
        self.left -= 1
        if self.left:
            raise Exception("The current node timed out during startup. This could happen because of load.")
        self.started_with = options

    def shutdown(self) -> None:
        self.started_with = {}


def test_ray_that_starts_too_slowly_is_started_again_and_in_the_end_said() -> None:
    slow = Sluggish(3)
    _start_here(slow, Placement(jobs=3, threads=7))
    assert slow.started_with["num_cpus"] == max(21, available_cores())
    with pytest.raises(AugmentError, match=r"Ray did not start \(The current node timed out during startup\)"):
        _start_here(Sluggish(4), Placement())


BIG, SMALL = {"CPU": 64.0, "GPU": 8.0}, {"CPU": 16.0, "GPU": 1.0}


@pytest.mark.parametrize(
    ("machines", "placement", "device", "share"),
    [
        ([{"CPU": 8.0}, {"CPU": 4.0}], Placement(jobs=2), "auto", Share(2, 0.0)),
        ([{"CPU": 8.0}], Placement(threads=3), "cpu", Share(3, 0.0)),
        ([BIG, SMALL, {"CPU": 2.0}], Placement(), "auto", Share(8, 1.0)),
        ([SMALL], Placement(gpus_per_cell=0.25), "cuda", Share(4, 0.25)),
        ([SMALL, {"CPU": 2.0}], Placement(), "cpu", Share(2, 0.0)),
        ([{"CPU": 1.0}], Placement(jobs=4), "auto", Share(1, 0.0)),
    ],
)
def test_a_task_gets_the_smallest_machines_share(
    machines: list[dict[str, float]], placement: Placement, device: str, share: Share
) -> None:
    assert share_of(machines, placement, device) == share


@pytest.mark.parametrize(
    ("placement", "device", "sentence"),
    [
        (Placement(), "cuda", "no machine of the Ray cluster has a GPU"),
        (Placement(), "cuda:1", "Ray chooses the GPU"),
        (Placement(threads=9), "cpu", "no machine of the Ray cluster has more than 8 CPUs"),
    ],
)
def test_what_no_machine_has_is_said(placement: Placement, device: str, sentence: str) -> None:
    with pytest.raises(AugmentError, match=sentence):
        share_of([{"CPU": 8.0}], placement, device)
