"""Results of invented cells, for what is made of a summary of Table 5."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipelines.table5.cells import Cell
from pipelines.table5.results import FIELDS, MEASURES, summarise

Line = tuple[str, Sequence[float], dict[str, Any]]
"""A row, mAP of each seed, further fields of its cells."""


def results(*lines: Line) -> pd.DataFrame:
    """Results of cells: (row, mAP of each seed, further fields); every set keeps the share that was asked for."""
    found = []
    for row, figures, fields in lines:
        for seed, figure in enumerate(figures):
            cell = Cell(row, seed=seed, **fields)
            updates = 31 if "length" in fields else 306
            measures = {**dict.fromkeys(MEASURES, 0.0), "mAP": figure, "updates": updates, "share": cell.portion}
            found.append({**cell.as_dict(), **measures, "seconds": 1.0})
    return pd.DataFrame(found, columns=[*FIELDS, *MEASURES, "seconds"])


def summary(*lines: Line) -> pd.DataFrame:
    """What `summarise` makes of them."""
    return summarise(results(*lines))
