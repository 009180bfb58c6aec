import errno
import subprocess
import sys
from pathlib import Path

import pytest

from augment.artefacts.files import replace_file
from numerics.files import naming, replacing

CODE = """
import resource, sys
from pathlib import Path
from PIL import Image
from augment.artefacts.files import write_image
resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
write_image(Image.effect_noise((64, 64), 90), Path(sys.argv[1]), sys.argv[2])
"""


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_image_that_does_not_fit_is_not_there(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.img").write_text("before")
    command = [sys.executable, "-c", CODE, str(tmp_path / "a.img"), kind]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert f"OSError: [Errno {errno.EFBIG}] File too large: '{tmp_path / 'a.img'}'" in done.stderr
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_an_error_that_names_no_file_names_this_one(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="mine") as caught, naming(tmp_path / "mine"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(tmp_path / "mine")
    with pytest.raises(OSError, match="other"), naming(tmp_path / "mine"):
        raise OSError(errno.ENOSPC, "No space left on device", "other")


def test_what_safetensors_says_of_a_full_disk_is_an_error_of_the_system(tmp_path: Path) -> None:
    from safetensors import SafetensorError

    with pytest.raises(OSError, match="mine") as caught, naming(tmp_path / "mine"):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
    assert (caught.value.errno, caught.value.strerror) == (errno.ENOSPC, "No space left on device")
    with pytest.raises(SafetensorError, match="header"), naming(tmp_path / "mine"):
        raise SafetensorError("header too large")


def test_a_file_appears_whole(tmp_path: Path) -> None:
    replace_file(tmp_path / "a.json", b"1")
    replace_file(tmp_path / "a.json", b"2")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.json": b"2"}


def test_a_file_whose_writing_fails_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("before")
    with pytest.raises(TypeError), replacing(tmp_path / "a.csv") as partial, partial.open("w") as file:
        file.writelines(["half", 3])  # type: ignore[list-item]
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.csv": "before"}
