"""What holds for every input: readers end in a table or a sentence; split and plan count, keep identities and nest."""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augment.columns import csv_text
from augment.datasets.reduced_set import reduced_set
from augment.failures import OURS
from augment.generation.plan import Sampling, make_plan
from augment.settings import format_settings, read_settings
from patn.keypoints import keypoint_array, keypoint_table, read_keypoints, write_keypoints
from patn.pairs import read_pairs, write_pairs
from reid.data.names import parse_name

ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
FEW = settings(max_examples=30)
Result = TypeVar("Result")
FIELDS = st.text(alphabet=":,[]-0123456789.eE+nNaAfF \t\n\r\"'x\ufeff", max_size=60)
NAMES = (
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"], exclude_characters=":"),
        min_size=1,
        max_size=20,
    )
    .map(str.strip)
    .filter(bool)
)
SEEDS = st.integers(0, 2**32 - 1)


def outcome(read: Callable[[], Result], begins: str) -> Result | None:
    """What is read, or None where a sentence that begins so is said instead; no other exception is allowed."""
    try:
        return read()
    except OURS as error:
        said = str(error)
    assert said.startswith(begins)
    assert ";" in said or ":" in said
    return None


@ONE_FOLDER
@given(st.one_of(st.binary(max_size=200), FIELDS.map(lambda text: f"name:keypoints_y:keypoints_x\n{text}".encode())))
def test_any_bytes_are_key_points_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "any.csv").write_bytes(content)
    table = outcome(lambda: read_keypoints(tmp_path / "any.csv"), str(tmp_path / "any.csv"))
    if table is not None:
        assert table.shape[1] == 36
        assert table.index.is_unique


@ONE_FOLDER
@given(st.dictionaries(NAMES, st.lists(st.integers(-1, 300), min_size=36, max_size=36), max_size=5))
def test_key_points_come_back_as_they_were_written(tmp_path: Path, rows: dict[str, list[int]]) -> None:
    values = np.array(list(rows.values())).reshape(len(rows), 18, 2)
    write_keypoints(keypoint_table(list(rows), values), tmp_path / "k.csv")
    table = read_keypoints(tmp_path / "k.csv")
    assert table.index.tolist() == list(rows)
    np.testing.assert_array_equal(keypoint_array(table, list(rows)), values)


@ONE_FOLDER
@given(st.one_of(st.binary(max_size=200), FIELDS.map(lambda text: f"from,to\n{text}".encode())))
def test_any_bytes_are_pairs_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "any.csv").write_bytes(content)
    pairs = outcome(lambda: read_pairs(tmp_path / "any.csv"), str(tmp_path / "any.csv"))
    if pairs is not None:
        assert list(pairs) == ["from", "to"]
        assert not (pairs == "").any(axis=None)


@ONE_FOLDER
@given(st.lists(st.tuples(NAMES, NAMES), max_size=5))
def test_pairs_come_back_as_they_were_written(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    write_pairs(pd.DataFrame(rows, columns=["from", "to"], dtype=object), tmp_path / "pairs.csv")
    assert list(read_pairs(tmp_path / "pairs.csv").itertuples(index=False, name=None)) == rows


@given(st.text(max_size=40))
def test_any_name_is_an_identity_and_a_camera_or_a_sentence(name: str) -> None:
    found = outcome(lambda: parse_name(name), "")
    if found is not None:
        pid, camid = found
        assert pid >= -1
        assert camid >= 1
        digits = re.match(r"(-1|[0-9]+)_c([0-9]+)", Path(name).name)
        assert digits is not None
        assert (int(digits[1]), int(digits[2])) == (pid, camid)


@given(st.integers(-1, 99_999), st.integers(1, 999), st.sampled_from(["s1_000451_03", "", "x y", "Ł", "_gen1"]))
def test_a_name_says_who_and_where(pid: int, camid: int, rest: str) -> None:
    name = f"{pid:04d}_c{camid}{rest and f's{rest}'}.jpg" if pid >= 0 else f"-1_c{camid}s{rest}.jpg"
    assert parse_name(name) == (pid, camid)
    assert parse_name(f"/run_12_c3/0003_c5/{name}") == (pid, camid)


@ONE_FOLDER
@given(st.binary(max_size=100), st.text(alphabet='data="\n[]size0123456789,seed ', max_size=60))
def test_any_workspace_file_is_settings_or_a_sentence(tmp_path: Path, content: bytes, text: str) -> None:
    for each in (content, text.encode()):
        (tmp_path / "augment.toml").write_bytes(each)
        found = outcome(lambda: read_settings(tmp_path / "augment.toml"), f"{tmp_path / 'augment.toml'}: ")
        if found is not None:
            assert isinstance(found["data"], str)


@ONE_FOLDER
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), SEEDS)
def test_settings_come_back_as_they_were_written(tmp_path: Path, data: str, seed: int) -> None:
    (tmp_path / "augment.toml").write_text(format_settings({"data": data, "seed": seed}), encoding="utf-8", newline="")
    assert read_settings(tmp_path / "augment.toml") == {"data": data, "seed": seed}


@given(st.lists(st.text(max_size=12), max_size=6))
def test_no_cell_of_a_csv_file_is_a_formula(values: list[str]) -> None:
    import csv
    import io

    text = csv_text(pd.DataFrame({"value": values, "number": -1.5}, dtype=object))
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert len(rows) == len(values)
    for (cell, number), value in zip(rows, values, strict=True):
        assert number == "-1.5"
        assert cell.removeprefix("'") == value.replace("\r", "\\r").removeprefix("'")
        assert not re.match(r"[=@\t]|[+-](?![0-9][0-9.]*$)", cell)


@st.composite
def people(draw: st.DrawFn) -> pd.DataFrame:
    """Training images of up to 8 identities, and some that are not for training."""
    counts = draw(st.lists(st.integers(1, 6), min_size=1, max_size=8))
    pids = draw(st.permutations([pid for pid, count in enumerate(counts, start=1) for _ in range(count)]))
    rows = [(f"{pid:04d}_c1s1_{number:06d}_01.jpg", pid, "train") for number, pid in enumerate(pids)]
    return pd.DataFrame(
        [*rows, ("0000_c1.jpg", 0, "train"), ("0099_c1.jpg", 99, "query")], columns=["name", "pid", "split"]
    )


@FEW
@given(people(), st.lists(st.floats(0, 1, exclude_min=True), min_size=2, max_size=4).map(sorted), SEEDS)
def test_reduced_sets_count_nest_and_keep_every_identity(table: pd.DataFrame, portions: list[float], seed: int) -> None:
    train = table[(table["split"] == "train") & (table["pid"] > 0)]
    identities = set(train["pid"])
    sets = [reduced_set(table, portion, seed) for portion in portions]
    for portion, kept in zip(portions, sets, strict=True):
        assert kept == sorted(set(kept))
        assert len(kept) == max(int(len(train) * portion + 0.5), len(identities))
        assert set(train.loc[train["name"].isin(kept), "pid"]) == identities
        assert kept == reduced_set(table.sample(frac=1, random_state=1), portion, seed)
    for smaller, larger in pairwise(sets):
        assert set(smaller) <= set(larger)
    assert reduced_set(table, 1.0, seed) == sorted(train["name"])


@FEW
@given(
    people(),
    st.floats(0.05, 1),
    SEEDS,
    st.sampled_from(["removed", "reduced", "all", "own"]),
    st.sampled_from(["fill", "drop"]),
    st.data(),
)
def test_plans_replace_what_was_removed_by_the_same_people(
    table: pd.DataFrame, portion: float, seed: int, poses: str, missing: str, data: st.DataObject
) -> None:
    train = table[(table["split"] == "train") & (table["pid"] > 0)].sort_values("name", ignore_index=True)
    kept = reduced_set(table, portion, seed)
    posed = data.draw(st.lists(st.sampled_from(train["name"].tolist()), unique=True))
    sampling = Sampling(poses, missing=missing)
    plan = make_plan(train, posed, kept, sampling, seed)
    pid_of = dict(zip(train["name"], train["pid"], strict=True))
    removed = set(pid_of) - set(kept)
    wanted = removed & set(posed) if missing == "drop" else removed
    assert sorted(plan["output"]) == sorted(name.replace(".jpg", "_gen.jpg") for name in wanted)
    for row in plan.itertuples():
        assert row.pid == pid_of[str(row.output).replace("_gen.jpg", ".jpg")] == pid_of[row.source]
        assert row.source in kept
        assert (str(row.how) == "copy") == (str(row.pose) == "")
        assert row.how == "copy" or {row.source, row.pose} <= set(posed)
    pd.testing.assert_frame_equal(plan, make_plan(train, posed[::-1], kept[::-1], sampling, seed))


@pytest.mark.parametrize("ratio", [2, 3])
@FEW
@given(people(), SEEDS)
def test_extra_samples_are_as_many_as_asked_for(ratio: int, table: pd.DataFrame, seed: int) -> None:
    train = table[(table["split"] == "train") & (table["pid"] > 0)].sort_values("name", ignore_index=True)
    names = train["name"].tolist()
    plan = make_plan(train, names, names, Sampling(ratio=ratio), seed)
    assert plan["source"].value_counts().to_dict() == dict.fromkeys(names, ratio - 1)
    assert plan["output"].is_unique
    assert (plan["pose"] != plan["source"]).all() or len(names) == 1
    assert json.loads(plan.to_json(orient="records"))[0]["pid"] > 0
