"""Ranking of a Market-1501-sized gallery against torchreid's and Open-ReID's ways."""

from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from benchmarks.conftest import Scale
from benchmarks.rankings import Evaluated, Ranked, Search
from benchmarks.results import Row
from benchmarks.sides import Sides, take_turns

TINY = Search(queries=20, gallery=200, matched=150, identities=10)
LEAST = {"torchreid": 80.0, "open-reid": 10.0, "cython": 5.0}
WORDS = {"torchreid": "torchreid, Python", "open-reid": "Open-ReID's mean_ap and cmc", "cython": "torchreid, Cython"}
OPEN_REID = Search(queries=16483, gallery=19281, matched=16483)


@pytest.fixture
def search(scale: Scale) -> Search:
    """Market-1501's size, or tiny."""
    return TINY if scale.tiny else Search()


@pytest.fixture
def matrix(search: Search, tmp_path: Path) -> Path:
    """One matrix of distances for all sides."""
    path = tmp_path / "distances.npy"
    np.save(path, search.distances())
    return path


def rows_of(search: Search, way: str, seconds: dict[str, float], ratio: float, limit: float) -> Row:
    """One comparison."""
    return Row(
        f"ranking {search.queries:,} x {search.gallery:,}, distances given",
        f"{seconds['ours']:.2f} s",
        f"{WORDS[way]}, {seconds[way]:.2f} s",
        ratio,
        "x",
        LEAST[way],
        limit,
    )


def difference(search: Search, way: str, found: Any, expected: Any) -> Row:
    """How far the mean average precisions are apart."""
    return Row(
        f"ranking {search.queries:,} x {search.gallery:,}: difference of mAP",
        "",
        WORDS[way],
        abs(found[1] - expected[1]),
        "",
        1e-15 if way == "open-reid" else 1e-6,
        at_most=True,
    )


def test_ranking(
    benchmark: Any,
    scale: Scale,
    sides: Sides,
    record: Any,
    search: Search,
    matrix: Path,
    torchreid_compiled: Path | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ways = ["ours", "open-reid", "sort", *(["cython"] if torchreid_compiled else [])]
    running = {
        way: (sides.open(Ranked, search=search, matrix=matrix, way=way, compiled=torchreid_compiled), 1.0)
        for way in ways
    }
    rounds = take_turns(benchmark, running, scale.rounds(5))
    with Sides(scale.tiny) as one:  # a minute: once is enough
        slow = one.open(Ranked, search=search, matrix=matrix, way="torchreid")
        seconds = {"torchreid": slow.run(), **{way: 1 / rounds.rate(way) for way in ways}}
        beside = median(running["ours"][0].run() for _ in range(5))
        ranked = [way for way in ways if way != "sort"]
        expected = {"torchreid": slow.result(), **{way: running[way][0].result() for way in ranked}}
    ratios = {"torchreid": seconds["torchreid"] / beside, **{way: rounds.ratio("ours", way) for way in ways}}

    groups: dict[str, list[Row]] = {"ranking": [], "ranking, Cython": []}
    for way in WORDS:
        if way in seconds:
            rows = groups["ranking, Cython" if way == "cython" else "ranking"]
            rows.append(rows_of(search, way, seconds, ratios[way], seconds[way] / seconds["sort"]))
            rows.append(difference(search, way, expected["ours"], expected[way]))
    remark = f"Ranking: mAP of the random features {100 * expected['ours'][1]:.1f} %, so most of the gallery is sorted."
    record("ranking", groups["ranking"], (remark,))
    if torchreid_compiled:
        record("ranking, Cython", groups["ranking, Cython"])
        return
    with capsys.disabled():
        print("\ntorchreid's Cython ranking was not measured; give its built checkout with --torchreid FOLDER")


@pytest.mark.parametrize(("name", "most"), [("standard", 300.0), ("open-reid", 1536.0)])
def test_memory_of_ranking(name: str, most: float, benchmark: Any, scale: Scale, sides: Sides, record: Any) -> None:
    search = TINY if scale.tiny else {"standard": Search(), "open-reid": OPEN_REID}[name]
    side = sides.open(Evaluated, search=search)
    seconds = benchmark.pedantic(side.run, rounds=1, iterations=1)
    work = f"distances and ranking {search.queries:,} x {search.gallery:,}: memory above the features"
    row = Row(work, f"{seconds:.1f} s", "", side.result(), "MiB", most, at_most=True)
    record(f"memory of ranking, {name}", [row])
