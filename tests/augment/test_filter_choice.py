"""What the filter of generated images chooses: a judge's scores, the others that are tried, and who is replaced."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augment.datasets.dataset import Dataset
from augment.evaluation.identity_metric import Embedding
from augment.generation import filtering
from augment.generation.filtering import Filtering, Judge, alternatives, filter_set
from augment.generation.plan import Pools, Sampling
from augment.generation.planned_set import PlannedSet
from augment.inference.plan_images import Generation
from augment.runtime import Runtime
from augment.workspace import Workspace
from reid.checkpoints import save_model
from tests.augment.test_identity_metric import NAMES, PIDS, centre, embed, unit, workspace

__all__ = ["embed", "workspace"]

PID_OF = dict(zip(NAMES, PIDS, strict=True))
KEPT = [*NAMES[:4], *NAMES[6:]]
GENERATION = Generation(Path("generator.safetensors"), "0", Runtime(device="cpu", progress=False))


def plan_of(count: int) -> pd.DataFrame:
    """A plan of that many images of identity 3, and a copied one."""
    lines = [(f"0003_c1s1_{number:06d}_01_gen.jpg", 3, NAMES[0], NAMES[2], "transfer") for number in range(count)]
    lines.append(("0001_c1s1_000900_01_gen.jpg", 1, NAMES[1], "", "copy"))
    return pd.DataFrame(lines, columns=["output", "pid", "source", "pose", "how"])


def planned(data: Dataset, plan: pd.DataFrame, seed: int = 0) -> PlannedSet:
    """A set of that plan."""
    return PlannedSet(data, Sampling("all"), seed, plan, KEPT, Pools(PID_OF, NAMES, set(KEPT)), pd.DataFrame())


def test_the_others_are_of_kept_images_in_poses_of_other_images() -> None:
    pools, sampling = Pools(PID_OF, NAMES, set(KEPT)), Sampling("all")
    worst = plan_of(40)[:40]
    made = alternatives(worst, pools, sampling, 3, seed=5)
    assert made["output"].tolist() == [f"{name[:-4]}-{k}.jpg" for name in worst["output"] for k in (1, 2, 3)]
    assert set(made["source"]) == {name for name in KEPT if PID_OF[name] == 3}
    assert set(made["pose"]) == set(NAMES)
    assert (made["source"] != made["pose"]).all()
    assert (made["how"] == "transfer").all()
    pd.testing.assert_frame_equal(made, alternatives(worst, pools, sampling, 3, seed=5))
    assert not made.equals(alternatives(worst, pools, sampling, 3, seed=6))


class Table(Judge):
    """A judge that knows the scores of all images and candidates by name."""

    def __init__(self, values: dict[str, float]) -> None:
        self.values = values

    def scores(self, plan: pd.DataFrame, folder: Path) -> pd.DataFrame:
        assert all((folder / name).is_file() for name in plan["output"])
        return pd.DataFrame({"identity_score": [self.values[name] for name in plan["output"]]})


@pytest.mark.parametrize("seed", range(3))
def test_the_worst_are_replaced_by_their_best_other_where_it_is_better(
    seed: int, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_: Dataset, others: pd.DataFrame, folder: Path, *__: object) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in others["output"]:
            (folder / name).write_text(name)

    monkeypatch.setattr(filtering, "generate_plan", write)
    rng, data, plan = np.random.default_rng(seed), Dataset.of(workspace), plan_of(10)
    images = plan["output"].tolist()[:10]
    values = {name: rng.uniform(0, 0.8) for name in images}
    tries = {name: [f"{name[:-4]}-{number}.jpg" for number in (1, 2)] for name in images}
    values |= {other: rng.uniform(0, 0.35) for others in tries.values() for other in others}
    expected = {name: name for name in plan["output"]}
    for name in sorted(images, key=values.__getitem__)[:4]:  # 0.35 of 10, rounded half up
        best = max(tries[name], key=values.__getitem__)
        expected[name] = best if values[best] > values[name] else "kept"
    folder = tmp_path / "set"
    write(data, plan, folder / "bounding_box_train")

    settings = Filtering(0.35, by=("identity",), tries=2)
    made = filter_set(planned(data, plan, seed), settings, Table(values), folder, GENERATION)

    assert {"good", "kept", "replaced"} == set(made["judged"])
    assert made["output"].tolist() == sorted(plan["output"])
    for row in made.to_dict("records"):
        name, found = row["output"], expected[row["output"]]
        judged = {name: "good", "kept": "kept"}.get(found, "replaced")
        assert row["judged"] == judged
        content = found if judged == "replaced" else name
        assert (folder / "bounding_box_train" / name).read_text() == content
        assert row["candidate"] == (tries[name].index(found) + 1 if judged == "replaced" else 0)
        if row["how"] != "copy":
            assert row["identity_score"] == pytest.approx(values[content])
    assert not (folder / filtering.CANDIDATES).exists()


def test_a_judges_score_is_the_cosine_to_the_centre_of_the_kept_images(
    workspace: Workspace, embed: Embedding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filtering, "CHUNK", 3)
    model = tmp_path / "model.safetensors"
    save_model(model, embed.model, {"training": {"height": 64, "width": 32, "feature": "pooled"}})
    folder, settings = workspace.data / "bounding_box_train", Filtering(0.5, by=("identity",))
    plan = pd.DataFrame({"output": NAMES[::-1], "pid": PIDS})  # each as if it showed another's identity
    judge = Judge(planned(Dataset.of(workspace), plan), settings, model, GENERATION.runtime)
    found = judge.scores(plan, folder)["identity_score"].tolist()
    centres = {pid: centre(embed, folder, pid, KEPT) for pid in set(PIDS)}
    wanted = [unit(embed, folder / name) @ centres[pid] for name, pid in zip(NAMES[::-1], PIDS, strict=True)]
    assert found == pytest.approx(wanted, abs=1e-5)
    assert judge.scores(plan[:0], folder).columns.tolist() == ["identity_score"]
    assert np.std(found) > 1e-3
