"""The figures of a re-ID model: which images are ranked for which queries, and what is said of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from augment import AugmentError
from augment.evaluation.reid import (
    Ranking,
    Rankings,
    draw_ranked,
    evaluate_features,
    find_model,
    summary,
    test_images,
)
from augment.workspace import Workspace
from numerics.arrays import Array
from tests.augment.tables import Row, dataset, image_table

test_images.__test__ = False  # type: ignore[attr-defined]


def crowd(seed: int = 0, identities: int = 6, distractors: int = 4) -> tuple[Array, pd.DataFrame]:
    """Random features near their identity's centre, and the rows they are of."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for pid in range(1, identities + 1):
        rows.append((f"q{pid}", pid, 1, "query"))
        rows += [(f"g{pid}_{camera}", pid, camera, "gallery") for camera in (1, 2, 2, 3)]
    rows += [(f"d{index}", 0, index % 3 + 1, "gallery") for index in range(distractors)]
    table = image_table(rows)
    centres = rng.normal(size=(identities + 1, 8))
    return (centres[table["pid"]] + rng.normal(scale=1.2, size=(len(table), 8))).astype(np.float32), table


def by_hand(features: Array, table: pd.DataFrame, *, everyone: bool) -> dict[str, float]:
    """mAP by both rules, CMC and the number of queries, one query at a time and by sorting."""
    values = table.to_dict("records")
    queries = [i for i, row in enumerate(values) if (row["pid"] > 0 if everyone else row["split"] == "query")]
    gallery = [i for i, row in enumerate(values) if everyone or row["split"] == "gallery"]
    precisions, trapezoids, firsts = [], [], []
    for query in queries:
        own = values[query]
        ranked = sorted(
            (float(((features[query].astype(float) - features[other].astype(float)) ** 2).sum()), other)
            for other in gallery
            if (values[other]["pid"], values[other]["camid"]) != (own["pid"], own["camid"])
        )
        hits = [place for place, (_, other) in enumerate(ranked, start=1) if values[other]["pid"] == own["pid"]]
        if not hits:
            continue
        at = [count / place for count, place in enumerate(hits, start=1)]
        before = [1.0 if place == 1 else (count - 1) / (place - 1) for count, place in enumerate(hits, start=1)]
        precisions.append(np.mean(at))
        trapezoids.append(np.mean([(a + b) / 2 for a, b in zip(at, before, strict=True)]))
        firsts.append(hits[0])
    found = {f"rank{k}": 100 * float(np.mean([first <= k for first in firsts])) for k in (1, 5, 10)}
    mean, trapezoid = 100 * float(np.mean(precisions)), 100 * float(np.mean(trapezoids))
    return {"mAP": mean, "mAP_trapezoid": trapezoid, **found, "queries": len(firsts)}


@pytest.mark.parametrize("seed", range(4))
def test_both_rankings_are_those_of_a_sort_query_by_query(seed: int) -> None:
    features, table = crowd(seed)
    found = evaluate_features(features, table)
    for ranking, everyone in ((found.standard, False), (found.open_reid, True)):
        expected = by_hand(features, table, everyone=everyone)
        assert ranking.as_dict() == pytest.approx(expected, abs=1e-4)
    assert found.standard.queries == 6
    assert found.open_reid.queries == 30


def test_distractors_are_ranked_and_never_queries() -> None:
    features, table = crowd()
    few = (table["pid"] > 0).to_numpy()
    with_them, without = evaluate_features(features, table), evaluate_features(features[few], table[few])
    assert with_them.open_reid.queries == without.open_reid.queries == int(few.sum())
    features[~few] = features[np.flatnonzero(few)][:4]  # as near to someone as can be
    spoilt = evaluate_features(features, table)
    assert spoilt.standard.mAP < without.standard.mAP
    assert spoilt.open_reid.mAP < without.open_reid.mAP


def test_a_gallery_of_fewer_than_ten_images_has_its_last_rank_as_rank_10() -> None:
    table = image_table([("q", 1, 1, "query"), ("a", 2, 2, "gallery"), ("b", 1, 2, "gallery")])
    found = evaluate_features(np.array([[0.0], [1.0], [2.0]], dtype=np.float32), table).standard
    assert (found.rank1, found.rank5, found.rank10) == (0.0, 100.0, 100.0)
    assert found.mAP == 50.0
    assert found.mAP_trapezoid == 25.0


def test_junk_and_training_images_are_not_ranked() -> None:
    rows: list[Row] = [
        ("t", 7, 1, "train"),
        ("q", 1, 1, "query"),
        ("j", -1, 2, "gallery"),
        ("a", 1, 2, "gallery"),
        ("d", 0, 3, "gallery"),
    ]
    found = test_images(dataset(image_table(rows)))
    assert found["name"].tolist() == ["q", "a", "d"]
    assert found.index.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", 1, 2, "gallery"), ("b", 2, 2, "gallery")], "query: no query image"),
        ([("q", 1, 1, "query")], "bounding_box_test: no gallery image"),
        ([("q", 1, 1, "query"), ("a", 1, 1, "gallery"), ("b", 2, 2, "gallery")], "from another camera"),
        ([("q", 1, 1, "query"), ("a", 1, 2, "gallery"), ("j", -1, 2, "gallery")], "shows one identity only"),
        ([("q", 0, 1, "query"), ("a", 0, 2, "gallery"), ("b", 2, 2, "gallery")], "from another camera"),
    ],
    ids=["no query", "no gallery", "one camera", "one identity beside junk", "distractors match nobody"],
)
def test_what_cannot_be_ranked_is_refused(rows: list[Row], said: str) -> None:
    with pytest.raises(AugmentError, match=said):
        test_images(dataset(image_table(rows)))


def rankings() -> Rankings:
    """Figures that are all different."""
    return Rankings(Ranking(50.04, 40.2, 60.3, 70.4, 80.55, 12), Ranking(31.1, 21.2, 41.3, 51.4, 61.5, 34))


def test_a_record_holds_open_reids_figures_under_names_of_their_own_and_gives_them_back() -> None:
    record = rankings().as_dict()
    assert record["rank1"] == 60.3
    assert record["mAP_trapezoid_open_reid"] == 21.2
    assert record["queries_open_reid"] == 34
    assert Rankings.of(record) == rankings()


def test_the_summary_begins_with_the_queries_and_the_rule_asked_for_and_has_all() -> None:
    usual = summary("m", rankings()).splitlines()
    assert usual[0] == "m: mAP 50.0, rank-1 60.3, rank-5 70.4, rank-10 80.5 (12 queries)"
    assert usual[1] == "Standard queries: mAP 50.0 by the rectangle rule, 40.2 by the trapezoid rule"
    assert usual[2].endswith("mAP 31.1 by the rectangle rule, 21.2 by the trapezoid rule")
    other = summary("m", rankings(), "open-reid", "trapezoid").splitlines()
    assert other[0] == "m: mAP 21.2, rank-1 41.3, rank-5 51.4, rank-10 61.5 (34 queries)"
    assert other[1:] == usual[1:]


def test_a_model_is_found_by_name_before_folder_before_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    workspace = Workspace.create(tmp_path / "w", {"data": "data", "size": [128, 64], "seed": 0})
    for folder in (tmp_path / "m", workspace.root / "reid" / "m"):
        folder.mkdir(parents=True)
        (folder / "model.safetensors").touch()
    assert find_model(workspace, "m") == workspace.root / "reid" / "m" / "model.safetensors"
    (workspace.root / "reid" / "m" / "model.safetensors").rename(workspace.root / "other.safetensors")
    assert find_model(workspace, "m") == Path("m/model.safetensors")
    assert find_model(workspace, "w/other.safetensors") == Path("w/other.safetensors")
    with pytest.raises(AugmentError, match=r"reid/n: no such model; trained ones: none"):
        find_model(workspace, "n")


def painted(folder: Path, rows: list[Row]) -> pd.DataFrame:
    """The table of images of which number n is grey of 40 n."""
    table = image_table(rows, folder)
    for number, path in enumerate(map(Path, table["path"])):
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (64, 128), (40 * number, 40 * number, 40 * number)).save(path)
    return table


def test_the_picture_shows_the_nearest_with_its_frame_green_only_where_the_identity_is_right(tmp_path: Path) -> None:
    """Grey values name the images: of query 1 the nearest is a stranger, then comes its match; junk is not shown."""
    rows: list[Row] = [("q1.png", 1, 1, "query"), ("junk.png", 1, 1, "gallery"), ("far.png", 3, 1, "gallery")]
    rows += [("near.png", 2, 2, "gallery"), ("match.png", 1, 2, "gallery"), ("last.png", 4, 2, "gallery")]
    table = painted(tmp_path, rows)
    features = np.array([[0.0], [0.0], [30.0], [1.0], [2.0], [50.0]], dtype=np.float32)
    draw_ranked(features, table, 1, tmp_path / "out.png")
    pixels = np.asarray(Image.open(tmp_path / "out.png").convert("RGB")).astype(int)
    line = pixels[pixels.shape[0] // 2]
    grey = line[(line[:, 0] == line[:, 1]) & (line[:, 1] == line[:, 2]), 0]
    shown = [value for value in dict.fromkeys(grey.tolist()) if value in range(0, 201, 40)]
    assert shown == [0, 120, 160]
    coloured = [tuple(pixel) for pixel in line.tolist() if max(pixel) - min(pixel) > 60]
    reds = [index for index, pixel in enumerate(coloured) if pixel[0] > pixel[1]]
    greens = [index for index, pixel in enumerate(coloured) if pixel[1] > pixel[0]]
    assert reds
    assert greens
    assert max(reds) < min(greens)


def test_a_query_with_few_gallery_images_beside_junk_is_shown_with_those(tmp_path: Path) -> None:
    junk: list[Row] = [(f"junk{number}.png", 1, 1, "gallery") for number in range(3)]
    others: list[Row] = [("q2.png", 2, 1, "query"), ("other.png", 2, 2, "gallery")]
    table = painted(tmp_path, [("q1.png", 1, 1, "query"), *junk, *others])
    features = np.arange(len(table), dtype=np.float32)[:, None]
    draw_ranked(features, table, 2, tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    middles = pixels[[pixels.shape[0] // 4 + 20, 3 * pixels.shape[0] // 4]]
    shown = [[level for level in range(40, 201, 40) if (line == level).all(axis=1).sum() > 50] for line in middles]
    assert shown == [[200], [120, 160]]
