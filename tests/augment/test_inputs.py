"""A finished result is not taken for one of other input: every verb with everything that it is made from."""

import re
import shutil
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from augment.workspace import Workspace
from tests.conftest import invoke, run

REID = ("reid-train", "--preset", "demo", "--epochs", "1", "--batch", "8")
VERBS = {
    "patn-train": (
        "patn-train",
        "--preset",
        "demo",
        "--steps",
        "1",
        "--batch",
        "2",
        "--perceptual",
        "none",
        "--name",
        "one",
    ),
    "patn-eval": ("patn-eval", "--generator", "patn", "--pairs", "4", "--metrics", "ssim", "--protocol", "clean"),
    "generate": ("generate", "--portion", "0.4", "--generator", "patn"),
    "reid-train": (*REID, "--portion", "0.4"),
    "filtered": ("generate", "--portion", "0.4", "--generator", "patn", "--filter", "0.2", "--filter-by", "identity"),
    "on a set": (*REID, "--portion", "0.4", "--augmentation", "ours"),
    "on a folder": (*REID, "--augmentation", "READY"),
    "study": ("study", "--generator", "patn", "--images", "4", "--practice", "2", "--no-serve"),
    "study of a set": ("study", "--generated-set", "ours-p0.4-s0", "--images", "4", "--practice", "2", "--no-serve"),
}
DRAWN, RANKED = ("generate", "filtered", "on a set"), ("reid-train", "on a set", "on a folder")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, rendered: Path, trained: Path) -> Path:
    """A workspace with its data inside in which every verb has finished."""
    root = tmp_path_factory.mktemp("inputs") / "w"
    Workspace.create(root, {"data": "data", "size": [128, 64], "seed": 0})
    shutil.copytree(rendered, root / "data")
    shutil.copytree(trained.parent, root / "patn" / "patn")
    images = sorted((root / "data/bounding_box_train").glob("*.jpg"))
    ready = root / "ready"
    ready.mkdir()
    for path in images[:8]:
        shutil.copy(path, ready / path.name.replace(".jpg", "_x.jpg"))
    (ready / "manifest.csv").write_text(f"name,kind\n{images[0].stem}_x.jpg,generated\n")
    (root / "pairs").mkdir()
    pairs = [f"{a.name},{b.name}\n" for a, b in permutations(images[:4], 2)]
    (root / "pairs/train.csv").write_text("".join(["from,to\n", *pairs]))
    outcomes = {verb: outcome(root, verb) for verb in VERBS}
    assert outcomes == dict.fromkeys(VERBS, "finished")
    return root


def outcome(root: Path, verb: str) -> str:
    """`finished`, the input that a refusal names, or what else was said."""
    result = invoke(root, *(str(root / "ready") if word == "READY" else word for word in VERBS[verb]))
    named = re.search(r"was made from other (?:input: )?(\w+).*--force", " ".join(result.stderr.split()))
    return "finished" if result.exit_code == 0 else named[1] if named else result.stderr


def one(root: Path, pattern: str) -> Path:
    return sorted((root / "data").glob(pattern))[0]


def repaint_training(root: Path) -> None:
    kept = (root / "reduced/p0.4-s0.csv").read_text().splitlines()[1].split(",")[0]
    shutil.copy(one(root, "query/*.jpg"), root / "data/bounding_box_train" / kept)


def repaint_gallery(root: Path) -> None:
    shutil.copy(one(root, "query/*.jpg"), one(root, "bounding_box_test/0009_*.jpg"))


def move_query(root: Path) -> None:
    one(root, "query/*.jpg").rename(root / "data/bounding_box_test" / one(root, "query/*.jpg").name)


def other_camera(root: Path) -> None:
    path = one(root, "query/*_c1s*.jpg")
    path.rename(path.with_name(path.name.replace("_c1s", "_c4s")))


def shift_training(root: Path) -> None:
    path = root / "data/keypoints/train.csv"
    path.write_text(path.read_text().replace(", 6", ", 7"))


def shift_test(root: Path) -> None:
    path = root / "data/keypoints/test.csv"
    path.write_text(path.read_text().replace(", 6", ", 7"))


def retrain(root: Path, place: str) -> None:
    with (root / place).open("ab") as file:
        file.write(b" ")


def other_generator(root: Path) -> None:
    retrain(root, "patn/patn/generator.safetensors")


def other_judge(root: Path) -> None:
    retrain(root, "reid/small-none-p0.4-s0/model.safetensors")


def call_real(root: Path) -> None:
    path = root / "ready/manifest.csv"
    path.write_text(path.read_text().replace("generated", "real"))


def fewer_pairs(root: Path) -> None:
    path = root / "pairs/train.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def smaller(root: Path) -> None:
    path = root / "augment.toml"
    path.write_text(re.sub(r"size = .*", "size = [64, 32]", path.read_text()))


CHANGES: dict[Callable[[Path], None], dict[str, str]] = {
    repaint_training: dict.fromkeys(set(VERBS) - {"study"}, "images"),
    repaint_gallery: dict.fromkeys(("patn-eval", "study"), "images") | dict.fromkeys(RANKED, "test_images"),
    move_query: {"patn-eval": "images"} | dict.fromkeys(RANKED, "test_images"),
    other_camera: dict.fromkeys(RANKED, "test_images"),
    shift_training: dict.fromkeys(("patn-train", *DRAWN), "keypoints"),
    shift_test: dict.fromkeys(("patn-eval", "study"), "keypoints"),
    other_generator: dict.fromkeys(("patn-eval", *DRAWN), "generator") | {"study": "generated"},
    other_judge: {"filtered": "judge"},
    call_real: {"on a folder": "images"},
    fewer_pairs: {"patn-train": "pairs"},
    smaller: dict.fromkeys(("patn-train", "patn-eval", "study", *DRAWN), "keypoints")
    | dict.fromkeys(("reid-train", "on a folder"), "size"),
}
"""What each change makes of the verbs that depend on it; all others are finished as before."""


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_result_of_other_input_is_refused_by_name(
    finished: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    root = Path(shutil.copytree(finished, tmp_path / "w", symlinks=True))
    change(root)
    expected = dict.fromkeys(VERBS, "finished") | CHANGES[change]
    assert {verb: outcome(root, verb) for verb in VERBS} == expected


def call_generated_real(folder: Path) -> None:
    path = folder / "manifest.csv"
    path.write_text(path.read_text().replace("generated", "real", 1))


def leave_a_line_out(folder: Path) -> None:
    path = folder / "manifest.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def put_a_query_in(folder: Path) -> None:
    path = sorted((folder / "bounding_box_train").glob("*_gen.jpg"))[0]
    shutil.copy(sorted((folder / "query").iterdir())[0], path)


def take_a_real_image(folder: Path) -> None:
    next(path for path in (folder / "bounding_box_train").iterdir() if "_gen" not in path.name).unlink()


@pytest.mark.parametrize("change", [call_generated_real, leave_a_line_out, put_a_query_in, take_a_real_image])
def test_a_generated_set_that_was_changed_is_refused_by_name(
    finished: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    root = Path(shutil.copytree(finished, tmp_path / "w", symlinks=True))
    change(root / "generated/ours-p0.4-s0")
    for verb in ("generate", "on a set"):
        assert "ours-p0.4-s0: its images or its manifest.csv were changed" in " ".join(outcome(root, verb).split())
    run(root, *VERBS["generate"], "--force")
    assert outcome(root, "generate") == "finished"


def test_the_kept_images_are_those_that_are_there(people: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    data = Path(shutil.copytree(Workspace.find(people).data, tmp_path / "data"))
    Workspace.create(root, {"data": str(data), "seed": 0})
    run(root, "generate", "--portion", "0.5", "--dry-run")
    for path in sorted((data / "bounding_box_train").glob("*.jpg"))[:5]:
        path.unlink()
    run(root, "generate", "--portion", "0.5", "--dry-run")
    names = [line.split(",")[0] for line in (root / "reduced/p0.5-s0.csv").read_text().splitlines()[1:]]
    assert len(names) == round(0.5 * 43 + 0.01)
    assert all((data / "bounding_box_train" / name).is_file() for name in names)


def test_an_identity_score_is_measured_again_by_another_model(people: Path, trained: Path) -> None:
    shutil.copytree(trained.parent, people / "patn" / "patn")
    measure = ("patn-eval", "--pairs", "4", "--metrics", "identity", "--protocol", "clean")
    run(people, *REID, "--name", "judge")
    first = run(people, *measure)
    assert run(people, *measure) == first
    run(people, *REID, "--name", "judge", "--learning-rate", "0.5", "--force")
    assert run(people, *measure)["rows"] != first["rows"]
