"""Key points, visibility and head sizes of the rendered images as CSV tables."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from augment.artefacts.files import replace_file
from numerics.arrays import Array
from numerics.files import naming
from patn.keypoints import JOINTS, keypoint_table, write_keypoints


def write_tables(folder: Path, entries: list[tuple[str, Path, str]]) -> None:
    """Write `keypoints/{train,query,test}.csv`, `keypoints/visible.csv` and `keypoints/head_size.csv`.

    `visible.csv` has the name and 18 columns of 0 or 1, `head_size.csv` the name and the head's height in pixels. Each
    file appears by rename.

    Args:
        folder: of the data set.
        entries: (split, file with the notes of an image, image name).
    """
    rows: dict[str, list[tuple[str, Array]]] = {"train": [], "query": [], "test": []}
    visible, heads = {}, {}
    split_of = {name: split for split, _, name in entries}
    for path in dict.fromkeys(path for _, path, _ in entries):
        for name, (keypoints, seen, head) in json.loads(path.read_text()).items():
            rows[split_of[name]].append((name, np.asarray(keypoints)))
            visible[name], heads[name] = seen, head
    for split, found in rows.items():
        found.sort(key=lambda row: row[0])
        table = keypoint_table(
            [name for name, _ in found], np.array([points for _, points in found]).reshape(-1, 18, 2)
        )
        path = folder / "keypoints" / f"{split}.csv"
        with naming(path):
            write_keypoints(table, path)
    order = sorted(visible)
    flags = pd.DataFrame([visible[name] for name in order], columns=list(JOINTS), index=pd.Index(order, name="name"))
    sizes = pd.DataFrame({"head_size": [heads[name] for name in order]}, index=pd.Index(order, name="name"))
    for table, file in ((flags, "visible.csv"), (sizes, "head_size.csv")):
        replace_file(folder / "keypoints" / file, table.to_csv().encode())
