"""What generators reach on the PATN authors' test pairs is read from their records and put beside the paper's table."""

from pathlib import Path

from augment.artefacts.files import write_json
from augment.workspace import Workspace
from tools.authors_pairs import authors_pairs_part, measured_on_pairs
from tools.real_results import PAGE, publish, read_results

OPTIONS: dict[str, object] = {"generator": "patn", "height": 64, "width_px": 32}
TRAINED: dict[str, object] = {"steps": 1600, "train_seconds": 483.0}
QUALITY: dict[str, object] = {
    "folder": "patn/one/eval-paper-test-12000-s0",
    "generator": "one",
    "protocol": "paper",
    "split": "test",
    "size": [128, 64],
    "missing": {},
    "notes": {},
    "identity_model": None,
}


def record(path: Path, options: dict[str, object], result: dict[str, object]) -> None:
    """A finished artefact's run.json."""
    path.mkdir(parents=True, exist_ok=True)
    parts = {"kind": "generator", "seed": 0, "inputs": {}, "versions": {}, "started": 0.0, "seconds": 1.0}
    write_json(path / "run.json", {**parts, "options": options, "result": result})


def workspace_with(root: Path, ssim: dict[str, dict[int, float]]) -> Workspace:
    """A workspace of generators that were measured on so and so many pairs, with these SSIM."""
    workspace = Workspace.create(root, {"data": str(root), "layout": "market1501", "size": [128, 64], "seed": 0})
    for name, by_pairs in ssim.items():
        folder = workspace.patn_dir(name)
        record(folder, OPTIONS, {**TRAINED, "initial": "builtin" if name == "tuned" else None})
        (folder / "generator.safetensors").touch()
        for pairs, value in by_pairs.items():
            rows = {"generated": {"ssim": value, "l1": 0.5}, "copy": {"ssim": 0.15}, "real": {"ssim": 1.0}}
            record(folder / f"eval-paper-test-{pairs}-s0", {}, {**QUALITY, "pairs": pairs, "rows": rows})
    return workspace


def test_every_generator_counts_with_its_largest_evaluation_lowest_ssim_first(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, {"tuned": {100: 0.4, 12000: 0.31}, "own": {12000: 0.26}, "unmeasured": {}})
    (part,) = authors_pairs_part(measured_on_pairs(workspace))
    lines = [line for line in part.splitlines() if line.startswith(("| `", "| copy", "| paper: PATN", "| paper: PG2"))]
    assert lines == [
        "| `own` | patn from fresh weights, 64 x 32, 1,600 steps, 8.1 minutes | 0.260 | - | - |",
        "| `tuned` | patn from builtin, 64 x 32, 1,600 steps, 8.1 minutes | 0.310 | - | - |",
        "| copy of the condition image | - | 0.150 | - | - |",
        "| paper: PATN | 128 x 64 | 0.311 | 0.811 | 0.940 |",
        "| paper: PG2 | 128 x 64 | 0.261 | 0.782 | 0.730 |",
    ]
    assert "The 12,000 test pairs of the PATN authors' file." in part


def test_nothing_measured_is_no_part() -> None:
    assert authors_pairs_part([]) == []


def test_the_results_keep_them_when_the_page_is_written_again(documents: Path, tmp_path: Path) -> None:
    publish(documents, authors_pairs=workspace_with(tmp_path / "pairs", {"own": {12000: 0.26}}))
    first = (documents / PAGE).read_text()
    publish(documents)
    assert "| `own` | patn from fresh weights, " in first
    assert (documents / PAGE).read_text() == first
    assert [one["pairs"] for one in read_results(documents)["authors_pairs"]] == [12000]
