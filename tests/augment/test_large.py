"""The small form of `python -m benchmarks.large`, and that it would find a fault."""

from pathlib import Path

import pytest

from benchmarks.large import MOST, PAGE, Measured, faults, in_child, measure, page, read_record

LESS, MORE, MILLION = 1_000, 10_000, 1_000_000


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Workspaces of 1,000 and 10,000 images."""
    made = {images: tmp_path_factory.mktemp("large") / str(images) for images in (LESS, MORE)}
    for images, root in made.items():
        in_child("make_workspace", f"Path({str(root)!r})", str(images))
    return made


@pytest.mark.parametrize("work", ["check", "split", "plan", "ranking"])
def test_a_million_images_would_fit_into_memory(roots: dict[int, Path], work: str) -> None:
    few, many = (measure(work, roots[images], images) for images in (LESS, MORE))
    each = (many.memory - few.memory) / (MORE - LESS)
    assert few.memory + each * MILLION < MOST


def test_what_takes_too_much_is_found() -> None:
    fine = [Measured("plan", 10, 1.0, 100), Measured("plan", 100, 11.0, 200)]
    assert faults(fine) == []
    assert faults([*fine, Measured("plan", 1000, 400.0, 300)]) == [
        "plan of 1,000 images takes 3.64 times as long an image"
    ]
    assert faults([Measured("split", 10, 1.0, MOST + (1 << 20))]) == ["split of 10 images takes 2,049 MiB"]
    few, many = Measured("generate", 10, 1.0, 100), Measured("generate", 1000, 50.0, 111)
    assert faults([few, many]) == ["generate takes 1.11 times the memory for 1,000 images"]


def test_the_page_is_of_the_record_and_says_what_is_missing() -> None:
    record = read_record()
    assert PAGE.read_text(encoding="utf-8") == page(record)
    assert faults(record) == []
    assert "Not measured yet: " in page(record[:1])
