"""The paper's comparisons in pictures: the same pairs for all generators, and those that a re-ID model knows least."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import ExifTags, Image

from augment.datasets.dataset import Dataset
from augment.datasets.pairs import evaluation_pairs
from augment.images import load_images, read_image
from augment.inference.sheets import draw_skeleton, sheet
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import keypoint_array
from reid.checkpoints import load_model
from reid.features import extract_features
from tests.conftest import invoke, run
from tests.pipelines.test_sidebyside import add

NAMES = ["mine", "table1/pg2-demo-12-s0", "table4/patn5-demo-12-s0", "table4/no-cat-demo-12-s0"]
TILE, GAP = (256, 128), 4


@pytest.fixture(scope="module")
def root(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with generators of its own and of Tables 1 and 4, and a re-ID model of all real images."""
    workspace = Workspace.create(tmp_path_factory.mktemp("figures") / "w", {"data": str(rendered)})
    for seed, name in enumerate(NAMES):
        add(workspace, name, "resnet", seed)
    run(workspace.root, "reid-train", "--preset", "demo", "--epochs", "1", "--portion", "1", "--name", "judge")
    return workspace.root


def read(path: Path) -> Array:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def tiles(path: Path, lines: int) -> list[list[Array]]:
    """The tiles of a sheet, lines x columns, at the size of the workspace's images."""
    pixels = read(path)
    top = pixels.shape[0] - lines * (TILE[0] + GAP) + GAP
    columns = (pixels.shape[1] + GAP) // (TILE[1] + GAP)
    cuts = [
        [pixels[top + r * (TILE[0] + GAP) :, c * (TILE[1] + GAP) :][: TILE[0], : TILE[1]] for c in range(columns)]
        for r in range(lines)
    ]
    return [[tile[::2, ::2] for tile in line] for line in cuts]


def test_every_line_is_a_test_pair_and_every_column_a_generators_image_of_it(root: Path, tmp_path: Path) -> None:
    made = run(root, "figures", "--pairs", "7")
    assert made["file"] == str(root / "tables" / "figures" / "pairs.png")
    assert made["generators"] == dict(zip(NAMES, ["mine", "pg2", "patn5", "no-cat"], strict=True))
    pairs = [(pair["from"], pair["to"]) for pair in made["pairs"]]
    workspace = Workspace.find(root)
    tested = evaluation_pairs(Dataset.of(workspace))
    assert len(set(pairs)) == 7
    assert set(pairs) <= set(zip(tested["from"], tested["to"], strict=True))
    assert {source[:4] for source, _ in pairs} == {name[:4] for name in tested["from"]}  # all 5 identities
    assert pd.read_csv(root / "tables" / "figures" / "pairs.csv").to_numpy().tolist() == [list(pair) for pair in pairs]
    gallery = workspace.images().query("split == 'gallery'").set_index("name")["path"]
    for line, (source, target) in zip(tiles(made["file"], 7), pairs, strict=True):
        pose = keypoint_array(workspace.keypoints("gallery"), [target])[0]
        real = [
            read_image(gallery[source], (128, 64)),
            draw_skeleton(pose, (128, 64)),
            read_image(gallery[target], (128, 64)),
        ]
        assert all(np.array_equal(tile, pixels) for tile, pixels in zip(line, real, strict=False))
        assert len(line) == 3 + len(NAMES)
    source, target = pairs[-1]
    for name, tile in zip(NAMES, tiles(made["file"], 7)[-1][3:], strict=True):
        run(root, "transfer", source, "--pose", target, "-o", str(tmp_path / "one.png"), "--generator", name)
        assert np.abs(tile.astype(float) - read(tmp_path / "one.png")).mean() < 1
    with Image.open(made["file"]) as picture:
        said = picture.getexif()[ExifTags.Base.ImageDescription]
    assert said == "sheet of generated images; generators mine, pg2, patn5, no-cat; 7 test pairs"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("methods", NAMES[:2]),
        ("ablations", NAMES[2:]),
        ("table4/no-cat-demo-12-s0,mine", [NAMES[0], NAMES[3]]),
        ("ablations,mine", [NAMES[0], *NAMES[2:]]),
    ],
)
def test_generators_are_named_or_taken_by_the_paper_they_stand_for(
    root: Path, tmp_path: Path, asked: str, shown: list[str]
) -> None:
    made = run(root, "figures", "--pairs", "1", "--generators", asked, "-o", str(tmp_path / "x.jpg"))
    assert list(made["generators"]) == shown
    assert made["file"] == str(tmp_path / "x.jpg")
    assert (tmp_path / "x.csv").is_file()


def test_another_seed_shows_other_pairs_and_the_same_seed_the_same(root: Path, tmp_path: Path) -> None:
    shown = [
        run(root, "--seed", seed, "figures", "--pairs", "3", "--generators", "mine", "-o", str(tmp_path / "x.png"))[
            "pairs"
        ]
        for seed in ("0", "3", "0")
    ]
    assert shown[0] == shown[2] != shown[1]


def expected_scores(root: Path, model: str, pairs: list[tuple[str, str]], images: list[Array]) -> list[float]:
    """Cosines to the centres of identities, with numpy from the model's features."""
    workspace = Workspace.find(root)
    network, metadata = load_model(root / "reid" / model / "model.safetensors", torch.device("cpu"))
    asked = metadata["training"]

    def features(batch: torch.Tensor) -> Array:
        size = (int(asked["height"]), int(asked["width"]))
        found = extract_features(network, batch, size=size, feature=asked["feature"], device=torch.device("cpu"))
        return np.divide(found.numpy(), np.linalg.norm(found.numpy(), axis=1, keepdims=True))

    gallery = workspace.images().query("split == 'gallery' and pid > 0")
    real = features(load_images(gallery["path"].tolist(), workspace.size))
    centres = {pid: real[(gallery["pid"] == pid).to_numpy()].mean(axis=0) for pid in gallery["pid"].unique()}
    made = features(torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2))
    wanted = [centres[int(source[:4])] for source, _ in pairs]
    return [float(one @ centre / np.linalg.norm(centre)) for one, centre in zip(made, wanted, strict=True)]


def test_the_worst_pairs_are_those_of_the_lowest_mean_identity_score(root: Path, tmp_path: Path) -> None:
    every = ("figures", "--worst", "--generators", "methods", "--candidates", "40", "-o", str(tmp_path / "all.png"))
    made = run(root, *every, "--pairs", "40")
    workspace = Workspace.find(root)
    pairs = [(pair["from"], pair["to"]) for pair in made["pairs"]]
    tested = evaluation_pairs(Dataset.of(workspace), 40)[["from", "to"]]
    assert sorted(pairs) == sorted(tested.itertuples(index=False, name=None))
    lines = tiles(made["file"], len(pairs))
    for column, title in enumerate(("mine", "pg2"), start=3):
        images = [line[column] for line in lines]
        scores = [pair[title] for pair in made["pairs"]]
        assert scores == pytest.approx(expected_scores(root, "judge", pairs, images), abs=2e-4)
    means = [pair["mean identity score"] for pair in made["pairs"]]
    assert means == pytest.approx([(pair["mine"] + pair["pg2"]) / 2 for pair in made["pairs"]], abs=1e-4)
    assert means == sorted(means)
    assert means[0] < means[-1]
    few = run(root, *every, "--pairs", "3", "--reid-model", "judge")
    assert few["pairs"] == made["pairs"][:3]
    assert json.loads(pd.read_csv(tmp_path / "all.csv").to_json(orient="records")) == few["pairs"]


def test_what_cannot_be_shown_is_said(root: Path, tmp_path: Path, people: Path) -> None:
    for arguments, status, said in (
        (("--generators", "patn5"), 1, "no finished generator of that name; choose from all, methods, ablations, mine"),
        (("--candidates", "9"), 2, "--candidates and --reid-model choose the worst pairs; give --worst too"),
        (("--reid-model", "judge"), 2, "give --worst too"),
        (("--worst", "--candidates", "3"), 2, "fewer than the 8 --pairs"),
        (("--worst", "--reid-model", "none"), 1, "none"),
        (("-o", str(tmp_path / "x.tiff")), 2, "pictures end in .jpg, .jpeg, .png"),
    ):
        result = invoke(root, "figures", *arguments)
        assert result.exit_code == status
        assert said in result.stderr
    nobody = invoke(people, "figures")
    assert nobody.exit_code == 1
    assert "patn: no finished generator; run `augment patn-train`" in nobody.stderr


def test_headings_wider_than_their_column_take_several_lines() -> None:
    line = [np.zeros((64, 32, 3), np.uint8)] * 2
    short, long = sheet([line], ["a", "b"]), sheet([line], ["a", "one two three four"])
    assert short.shape[1:] == long.shape[1:] == (2 * 64 + GAP, 3)
    assert long.shape[0] == short.shape[0] + 12
    assert (long[: long.shape[0] - 128, 64 : 64 + GAP] == 255).all()  # the gap between the columns stays empty
    assert sheet([line], least=256).shape == (256, 2 * 128 + GAP, 3)
