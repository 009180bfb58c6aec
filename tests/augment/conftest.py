"""A DeepFashion tree of rendered pedestrians, made once a run, and workspaces on it."""

from pathlib import Path

import pytest

from augment.datasets.create import init_real
from tests.conftest import run
from tests.fashion_tree import FashionTree, make_tree, write_lists


@pytest.fixture(scope="session")
def tree(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> FashionTree:
    return make_tree(rendered, tmp_path_factory.mktemp("fashion"))


@pytest.fixture
def fashion(tree: FashionTree, tmp_path: Path) -> Path:
    """A workspace on the tree, split by lists, with imported key points."""
    init_real(tmp_path / "w", tree.img, lists=write_lists(tree, tmp_path / "lists"), progress=False)
    run(tmp_path / "w", "poses", *(word for path in tree.cropped.values() for word in ("--csv", str(path))))
    return tmp_path / "w"
