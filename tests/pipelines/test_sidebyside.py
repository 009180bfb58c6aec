"""Every generator of a workspace draws the same test pairs for the report, as the verbs draw them, and only once."""

import base64
import io
import logging
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from augment.artefacts.files import write_json
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import evaluation_pairs
from augment.inference.attention import paint
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.checkpoints import save_generator
from patn.generators import build_generator
from pipelines.report.page import Pictures, write_report
from pipelines.report.sections import side_by_side
from pipelines.report.sidebyside import GeneratorImages, Shown, generate_pairs, images_dir, read_images, shown_pairs
from tests.conftest import run

QUIET = Runtime(device="cpu", progress=False, threads=1)
KINDS = {"patn": {"blocks": 3, "width": 4}, "resnet": {"blocks": 1, "width": 4}}
SHOWN = Shown(identities=3, each=2)


def add(workspace: Workspace, name: str, kind: str, seed: int = 0) -> None:
    """An untrained generator, its weights so large that its images differ, as a finished artefact."""
    import torch

    torch.manual_seed(seed)
    generator, folder = build_generator(kind, KINDS[kind]), workspace.patn_dir(name)
    with torch.no_grad():
        for weights in generator.parameters():
            weights.mul_(8 if weights.dim() == 4 else 1)
    save_generator(folder / "generator.safetensors", generator, kind, {"size": [64, 32]})
    write_json(folder / "run.json", {"seed": 0, "options": {}, "inputs": {}, "versions": {}, "result": {}})


Drawn = tuple[Workspace, dict[str, GeneratorImages]]


@pytest.fixture(scope="module")
def drawn(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """A workspace with three generators of two kinds, and what they drew."""
    workspace = Workspace.create(tmp_path_factory.mktemp("drawn") / "w", {"data": str(rendered)})
    for seed, (name, kind) in enumerate((("patn", "patn"), ("other", "patn"), ("resnet", "resnet"))):
        add(workspace, name, kind, seed)
    generate_pairs(workspace, SHOWN, QUIET)
    return workspace, {each.name: each for each in read_images(workspace)}


def pixels(path: Path | io.BytesIO) -> Array:
    return np.asarray(Image.open(path).convert("RGB")).astype(float)


def test_all_generators_draw_the_same_test_pairs_of_several_people(drawn: Drawn) -> None:
    workspace, made = drawn
    pairs = shown_pairs(workspace, SHOWN)
    assert sorted(made) == ["other", "patn", "resnet"]
    wanted = set(zip(pairs["from"], pairs["to"], strict=True))
    assert all(set(each.pictures) == wanted for each in made.values())
    tested = evaluation_pairs(Dataset.of(workspace))
    assert wanted <= set(zip(tested["from"], tested["to"], strict=True))
    assert pairs["pid"].nunique() == 3
    assert pairs.groupby("pid").size().tolist() == [2, 2, 2]
    assert all(int(source[:4]) == int(target[:4]) == pid for source, target, pid in pairs.itertuples(index=False))
    assert not shown_pairs(workspace, Shown(3, 2, seed=1)).equals(pairs)


@pytest.mark.parametrize("name", ["other", "resnet"])
def test_pictures_are_those_that_transfer_draws(drawn: Drawn, tmp_path: Path, name: str) -> None:
    workspace, made = drawn
    kept, fresh = [], []
    for number, ((source, target), path) in enumerate(list(made[name].pictures.items())[::3]):
        out = tmp_path / f"{number}.png"
        run(workspace.root, "transfer", source, "--pose", target, "-o", str(out), "--generator", name)
        kept.append(pixels(path).ravel())
        fresh.append(pixels(out).ravel())
    alike = np.corrcoef(kept, fresh)[:2, 2:]  # noise, which WebP blurs, but each its own
    assert alike.diagonal().min() > 0.9
    assert alike[0, 1] < 0.9


def test_strips_show_the_masks_of_every_block(drawn: Drawn, tmp_path: Path) -> None:
    workspace, made = drawn
    assert not made["resnet"].masks
    assert made["resnet"].blocks == 0
    other = made["other"]
    assert other.blocks == 3
    assert set(other.masks) == set(other.pictures)
    values = []
    for number, (source, target) in enumerate(other.masks):
        file = tmp_path / f"{number}.npy"
        picture = str(tmp_path / "m.png")
        run(
            workspace.root,
            "attention",
            source,
            "--pose",
            target,
            "-o",
            picture,
            "--values",
            str(file),
            "--generator",
            "other",
        )
        values.append(np.load(file)[0])
    assert other.ends == pytest.approx(np.percentile(np.stack(values), [1, 99]), abs=1e-3)
    for maps, path in zip(values, other.masks.values(), strict=True):
        strip = np.concatenate([paint(each, (128, 64), other.ends, "colour") for each in maps], axis=1)
        assert np.abs(pixels(path) - strip).mean() < 8


def test_the_section_has_a_column_a_generator_beside_the_real_images(drawn: Drawn) -> None:
    workspace, _ = drawn
    section = side_by_side(workspace)
    assert section
    assert section.identities == tuple(sorted(set(shown_pairs(workspace, SHOWN)["pid"])))
    assert len(section.context["figures"]) == 6
    for figure in section.context["figures"]:
        assert list(figure["real"]) == ["condition", "pose", "target"]
        assert [each.name for each, picture, _ in figure["made"] if picture] == ["other", "patn", "resnet"]
        assert [masks is not None for _, _, masks in figure["made"]] == [True, True, False]
        shown = figure["real"]["target"].partition("base64,")[2]
        file = io.BytesIO(base64.b64decode(shown))
        real = workspace.images().set_index(["split", "name"]).loc[("gallery", figure["names"][1]), "path"]
        assert np.abs(pixels(file) - pixels(real)).mean() < 8
    films = {each.name: film for each, film in section.context["films"]}
    assert sorted(films) == ["other", "patn", "resnet"]
    assert all(re.match(r"data:(video/mp4|image/gif);base64,", film) for film in films.values())


def test_generators_of_table_1_and_table_4_stand_beside_the_others_in_the_tables_order(people: Path) -> None:
    workspace = Workspace.find(people)
    names = [
        "table4/resnet9-demo-40-s0",
        "table4/no-cat-demo-40-s0",
        "table4/patn5-demo-40-s0",
        "zeta",
        "table1/patn-skips-study-40x8-s3",
        "table1/patn-market-own-s0",
        "table1/pg2-market-own-s0",
        "table1/vunet-market-own-s0",
        "table1/vunet-market-40-s0",
    ]
    for name in names:
        add(workspace, name, "resnet")
    (workspace.patn_dir("table1/deform-market-own-s0")).mkdir()  # not finished
    generate_pairs(workspace, Shown(identities=1, each=1), QUIET)
    made = read_images(workspace)
    assert [(each.name, each.title) for each in made] == [
        ("zeta", "zeta"),
        ("table1/pg2-market-own-s0", "pg2"),
        ("table1/vunet-market-40-s0", "table1/vunet-market-40-s0"),
        ("table1/vunet-market-own-s0", "table1/vunet-market-own-s0"),
        ("table1/patn-market-own-s0", "patn"),
        ("table1/patn-skips-study-40x8-s3", "patn-skips"),
        ("table4/resnet9-demo-40-s0", "resnet9"),
        ("table4/patn5-demo-40-s0", "patn5"),
        ("table4/no-cat-demo-40-s0", "no-cat"),
    ]
    pairs = {tuple(each.pictures) for each in made}
    assert len(pairs) == 1
    assert all(path.is_file() for each in made for path in each.pictures.values())
    page = write_report(workspace).read_text(encoding="utf-8")
    assert all(f'alt="generated by {each.title}"' in page for each in made)


def started(workspace: Workspace, name: str) -> float:
    record = read_run(images_dir(workspace, name))
    assert record
    return record.started


def test_what_is_drawn_is_kept_until_the_generator_is_another(drawn: Drawn) -> None:
    workspace, _ = drawn
    before = {name: started(workspace, name) for name in ("other", "patn")}
    add(workspace, "other", "patn", seed=9)
    generate_pairs(workspace, SHOWN, QUIET)
    after = {name: started(workspace, name) for name in ("other", "patn")}
    add(workspace, "other", "patn", seed=1)
    generate_pairs(workspace, SHOWN, QUIET)
    assert after["patn"] == before["patn"]
    assert after["other"] > before["other"]


def test_another_seed_shows_other_pairs(people: Path) -> None:
    workspace = Workspace.find(people)
    add(workspace, "resnet", "resnet")
    shown = []
    for seed in ("0", "4", "0"):
        run(people, "--seed", seed, "report", "--people", "2")
        (only,) = read_images(workspace)
        shown.append(set(only.pictures))
    assert shown[0] == shown[2] != shown[1]


def test_without_ffmpeg_people_walk_in_a_gif(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.inference.video.find_spec", lambda name: None)
    workspace = Workspace.find(people)
    add(workspace, "resnet", "resnet")
    generate_pairs(workspace, SHOWN, QUIET)
    (only,) = read_images(workspace)
    assert only.walk
    assert only.walk.name == "walk.gif"
    with Image.open(only.walk) as film:
        assert isinstance(film, GifImageFile)
        assert film.n_frames > 10


def test_a_generator_that_cannot_be_read_is_left_out_of_the_report(
    people: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = Workspace.find(people)
    add(workspace, "resnet", "resnet")
    add(workspace, "broken", "resnet")
    (workspace.patn_dir("broken") / "generator.safetensors").write_bytes(b"nothing")
    with caplog.at_level(logging.WARNING):
        page = write_report(workspace, runtime=QUIET, pictures=Pictures(identities=1)).read_text(encoding="utf-8")
    assert "nothing generated by broken" in caplog.text
    assert "generated by resnet" in page
    assert "generated by broken" not in page


def test_without_test_pairs_the_page_says_nothing_of_them(
    tmp_path: Path, rendered: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").mkdir()
    for folder in ("bounding_box_train", "bounding_box_test", "query"):
        (tmp_path / "data" / folder).symlink_to(rendered / folder)
    workspace = Workspace.create(tmp_path / "w", {"data": str(tmp_path / "data")})  # no key points
    add(workspace, "resnet", "resnet")
    with caplog.at_level(logging.WARNING):
        page = write_report(workspace, runtime=QUIET).read_text(encoding="utf-8")
    assert "no key points yet" in caplog.text
    assert "side by side" not in page
