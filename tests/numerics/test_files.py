"""Files that appear whole, errors that name theirs, weight files that run nothing, and batch norms that fold away."""

import errno
import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from numerics.files import naming, replacing
from numerics.folding import fold_batch_norms
from numerics.weight_files import read_weight_file


def test_a_file_takes_the_place_of_the_old_one_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replacing(path) as partial:
        assert partial == tmp_path / "a.txt.partial"
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_file_whose_writing_ends_early_leaves_the_old_one_alone(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write() -> None:
        with replacing(path, tmp_path / "own.partial") as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("error", "number", "filename"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), errno.ENOSPC, "here"),
        (OSError(errno.EACCES, "Permission denied", "there"), errno.EACCES, "there"),
        (RuntimeError("Error: I/O error: No space left on device (os error 28)"), 28, "here"),
        (OSError("without a number"), None, None),
    ],
)
def test_an_error_of_the_system_names_the_file_where_it_names_none(
    error: Exception, number: int | None, filename: str | None
) -> None:
    with pytest.raises(OSError) as caught, naming(Path("here")):  # noqa: PT011
        raise error
    assert (caught.value.errno, caught.value.filename) == (number, filename)


def test_any_other_error_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="no I/O at all"), naming(Path("here")):
        raise RuntimeError("no I/O at all")


def test_tensors_and_numbers_of_a_weight_file_are_read_on_the_cpu(tmp_path: Path) -> None:
    torch.save({"step": 3, "weights": [torch.ones(2)]}, tmp_path / "a.pth")
    read = read_weight_file(tmp_path / "a.pth")
    assert isinstance(read, dict)
    assert read["step"] == 3
    assert torch.equal(read["weights"][0], torch.ones(2))
    with pytest.raises(FileNotFoundError):
        read_weight_file(tmp_path / "gone.pth")


def test_what_a_weight_file_asks_to_run_is_not_run(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (tmp_path / "run",)

    torch.save({"weights": Hostile()}, tmp_path / "a.pth", pickle_protocol=2)
    with pytest.raises(pickle.UnpicklingError):
        read_weight_file(tmp_path / "a.pth")
    assert not (tmp_path / "run").exists()


def normed(layer: nn.Module, channels: int) -> list[nn.Module]:
    norm = nn.BatchNorm2d(channels)
    for values in (norm.running_mean, norm.running_var, norm.weight.data, norm.bias.data):
        assert values is not None
        values.uniform_(0.5, 2)
    return [layer, norm]


def test_a_batch_norm_behind_a_convolution_becomes_part_of_it_and_no_other_does() -> None:
    inner = nn.Sequential(*normed(nn.ConvTranspose2d(4, 3, 3), 3), nn.ReLU(), nn.BatchNorm2d(3))
    module = nn.Sequential(*normed(nn.Conv2d(2, 4, 3), 4), inner).eval()
    images = torch.rand(2, 2, 6, 5, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = module(images)
        fold_batch_norms(module)
        found = module(images)
    torch.testing.assert_close(found, expected)
    kinds = [type(layer).__name__ for layer in (*module, *inner)]
    assert kinds == ["Conv2d", "Identity", "Sequential", "ConvTranspose2d", "Identity", "ReLU", "BatchNorm2d"]
