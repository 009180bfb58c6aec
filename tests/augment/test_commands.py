"""A command is parse, call, print: what each hands to the function behind it, which does not run here."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augment.evaluation.protocol import METRICS
from augment.generation.filtering import Filtering
from augment.generation.plan import Sampling
from augment.inference.animation import Motion
from augment.inference.attention import MaskView
from augment.inference.request import Request
from augment.layouts.torchreid_sets import SetChoice
from augment.layouts.tracks import TrackFilter
from augment.pedestrians import Pedestrians
from augment.runtime import Runtime
from augment.training.reid_data import TrainingSet
from augment.workspace import Workspace
from reid.training import PRESETS, with_erasing_and_jitter
from tests.handing import enter_empty_workspace, handed

PICTURES = ("a.jpg", "b.jpg")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace without images, of seed 4, as the current folder."""
    return enter_empty_workspace(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("--portion 0.3", {"sampling": Sampling(), "generator": None, "name": None, "filtering": None, "seed": 4}),
        ("--portion 0.3 --target-poses own", {"sampling": Sampling("own")}),
        ("--portion 1 --ratio 3", {"sampling": Sampling(ratio=3), "portion": 1.0}),
        ("--portion 0.3 --missing drop --scenes", {"sampling": Sampling(missing="drop", scenes=True)}),
        ("--portion 0.3 --filter 0.2", {"filtering": Filtering(0.2), "judge": None}),
        ("--portion 0.3 --filter 0.1 --filter-by pose", {"filtering": Filtering(0.1, ("pose",))}),
        ("--portion 0.3 --filter 0.1 --judge m", {"judge": "m"}),
        (
            "--portion 0.3 --generator-data reduced",
            {"generator": "patn-p0.3-s4", "name": "ours-reduced-data"},
        ),
        (
            "--portion 0.3 --generator-data reduced --generator pg2 --target-poses own --filter 0.2",
            {"generator": "pg2-p0.3-s4", "name": "self-filtered-reduced-data"},
        ),
        ("--portion 0.3 --generator-data reduced --name mine", {"name": "mine"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_generate(root: Path, monkeypatch: pytest.MonkeyPatch, line: str, wanted: dict[str, Any]) -> None:
    workspace, request = handed(monkeypatch, "augment.commands.generate.prepare_set", f"generate {line}").places
    assert workspace.root == root
    assert {name: getattr(request, name) for name in wanted} == wanted


def test_generate_makes_what_was_prepared(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = object()
    monkeypatch.setattr("augment.commands.generate.prepare_set", lambda *_: prepared)
    found = handed(monkeypatch, "augment.commands.generate.generate", "generate --portion 0.3 --force")
    assert found.places == (prepared, Runtime(device="cpu", progress=False, force=True))


def test_a_seed_on_the_command_line_comes_before_the_workspaces(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "--seed 9 generate --portion 0.5 --generator-data reduced"
    _, request = handed(monkeypatch, "augment.commands.generate.prepare_set", line).places
    assert (request.seed, request.generator) == (9, "patn-p0.5-s9")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("", Pedestrians(seed=0)),
        ("--identities 7 --test-identities 3 --images 5", {"train_identities": 7, "images_per_identity": 5}),
        ("--images 2", {"images_per_identity": 2, "queries_per_identity": 1}),
        ("--size 96 48 --seed 6", {"height": 96, "width": 48, "seed": 6}),
        ("--cameras 3 --clutter 0 --first-identity 50", {"cameras": 3, "clutter": 0.0, "first_identity": 50}),
    ],
)
def test_init_renders_by_the_options_of_rendered_pedestrians(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, wanted: Pedestrians | dict[str, Any]
) -> None:
    found = handed(monkeypatch, "augment.commands.init.init_rendered", f"init {tmp_path / 'new'} --jobs 3 {line}")
    assert (found.places[0], found.names) == (tmp_path / "new", {"jobs": 3})
    asked = found.places[1]
    if isinstance(wanted, Pedestrians):
        assert asked == wanted
    else:
        assert {name: getattr(asked, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("line", "function", "wanted"),
    [
        ("--data {folder}", "init_real", {"layout": None, "seed": 0, "test_share": None, "pairs": ()}),
        ("--data {folder} --layout folders --test-share 0.2", "init_real", {"layout": "folders", "test_share": 0.2}),
        ("--data {folder} --size 64 32 --seed 3", "init_real", {"size": (64, 32), "seed": 3}),
        ("--data {file}", "init_csv", {"size": None, "seed": 0, "test_share": None}),
        ("--data {file} --layout csv --test-share 0.4", "init_csv", {"test_share": 0.4}),
        ("--data {folder} --layout mot --test-share 0.3", "init_tracks", {"test_share": 0.3}),
        ("--data {folder} --dataset viper --split 2", "init_set", {"seed": 0, "size": None}),
    ],
)
def test_init_takes_real_images_in_the_form_they_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, function: str, wanted: dict[str, Any]
) -> None:
    folder, file = tmp_path / "images", tmp_path / "list.csv"
    folder.mkdir()
    file.touch()
    found = handed(
        monkeypatch,
        f"augment.commands.init.{function}",
        f"init {tmp_path / 'new'} {line.format(folder=folder, file=file)}",
    )
    assert found.places[:2] == (tmp_path / "new", file if "{file}" in line else folder)
    assert {name: found.names[name] for name in wanted} == wanted
    if function == "init_tracks":
        assert found.places[2] == TrackFilter()
    if function == "init_set":
        assert found.places[2] == SetChoice("viper", 2, False, False)


def test_init_hands_the_filter_of_tracks_on_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "video").mkdir()
    asked = "--margin 0.1 --visibility 0.7 --min-height 80 --spacing 5"
    line = f"init {tmp_path / 'new'} --data {tmp_path / 'video'} --layout mot {asked}"
    assert handed(monkeypatch, "augment.commands.init.init_tracks", line).places[2] == TrackFilter(0.1, 0.7, 80, 5)


@pytest.mark.parametrize(
    ("line", "wanted", "training"),
    [
        ("--preset demo", TrainingSet(seed=4), PRESETS["demo"]),
        ("--preset demo --portion 0.3 --augmentation ours", TrainingSet(0.3, "ours", seed=4), PRESETS["demo"]),
        ("--preset demo --augmentation ours-random --ratio 2", TrainingSet(1.0, "ours*", 2, 4), PRESETS["demo"]),
        ("--preset demo --length updates", TrainingSet(seed=4, length="updates"), PRESETS["demo"]),
        ("--preset demo --portion 0.5 --repeat", TrainingSet(0.5, seed=4, repeat=True), PRESETS["demo"]),
        ("--preset demo --epochs 2 --batch 8", TrainingSet(seed=4), replace(PRESETS["demo"], epochs=2, batch=8)),
        ("--preset demo --erasing-jitter", TrainingSet(seed=4), with_erasing_and_jitter(PRESETS["demo"])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_reid_train(
    root: Path, monkeypatch: pytest.MonkeyPatch, line: str, wanted: TrainingSet, training: object
) -> None:
    found = handed(monkeypatch, "augment.commands.reid_train.train_reid", f"reid-train {line}")
    assert found.places[1:] == (training, wanted)
    name = wanted.name("small") + ("-ordinary" if "jitter" in line else "")
    assert found.names == {"name": name, "weights": None, "runtime": Runtime(device="cpu", progress=False)}


def test_a_folder_of_images_is_told_from_the_name_of_a_set(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("ours", "none"):
        (root / folder).mkdir()
    line = "reid-train --preset demo --portion 0.5 --augmentation"
    found = [
        handed(monkeypatch, "augment.commands.reid_train.train_reid", f"{line} {name}")
        for name in ("ours", "self", "none")
    ]
    assert [each.places[2].augmentation for each in found] == [Path("ours"), "self", "none"]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("", {"metrics": METRICS, "protocol": "paper", "split": "test", "pairs": None, "seed": 0}),
        ("--metrics ssim,fid", {"metrics": ("ssim", "fid")}),
        ("--pairs 8 --jobs 3 --protocol clean", {"pairs": 8, "jobs": 3, "protocol": "clean"}),
        ("--metrics identity --reid-model m", {"metrics": ("identity",), "reid_model": "m"}),
    ],
)
def test_patn_eval(root: Path, monkeypatch: pytest.MonkeyPatch, line: str, wanted: dict[str, Any]) -> None:
    found = handed(monkeypatch, "augment.commands.patn_eval.evaluate_generator", f"patn-eval {line}")
    assert {name: getattr(found.places[1], name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("command", "line", "after"),
    [
        ("transfer", "--pose p.jpg -o out.png --columns 3", ({"columns": 3},)),
        ("animate", "-o out.gif", (Motion(),)),
        (
            "animate",
            "-o out.gif --poses p.csv --frames 9 --fps 5 --bridge 2 --smooth 0 --no-fit",
            (Motion("p.csv", 9, 2, 0, False, 5.0),),
        ),
        ("attention", "--pose p.jpg -o out.png", (MaskView(None, None, "colour", False),)),
        (
            "attention",
            "--pose p.jpg -o out.png --block 2 --channels 7 --colours grey --stretch",
            (MaskView(2, 7, "grey", True),),
        ),
        ("attention", "--pose p.jpg -o out.png --all", (MaskView(None, None, "colour", False),)),
    ],
)
def test_what_shows_people_is_asked_for_images_and_poses_alike(
    root: Path, monkeypatch: pytest.MonkeyPatch, command: str, line: str, after: tuple[object, ...]
) -> None:
    asked = f"{command} {' '.join(PICTURES)} {line} --generator g --source-pose s.csv --csv-size 8 4 --size 64 32"
    found = handed(monkeypatch, f"augment.commands.{command}.{command}", asked)
    poses = () if command == "animate" else ("p.jpg",)
    assert found.places[0] == Request(
        PICTURES, poses, Workspace.find(root), "g", "s.csv", (8, 4), (64, 32), Runtime(device="cpu", progress=False)
    )
    rest = [*found.places[1:], found.names]
    assert all(part in rest for part in after)
    assert Path(line.split("-o ")[1].split()[0]) in rest
