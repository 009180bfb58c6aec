from pathlib import Path

import pytest

from augment import AugmentError
from augment.settings import format_settings, read_settings


@pytest.mark.parametrize("data", ['odd "name"\\', "Fotos é 写真 \U0001f4f7", "tab\tand delete\x7f"])
def test_settings_survive_writing_and_reading(tmp_path: Path, data: str) -> None:
    settings = {"data": data, "size": [128, 64], "patn-train": {"preset": "demo", "steps": 5, "force": True}}
    (tmp_path / "augment.toml").write_text(format_settings(settings), encoding="utf-8")
    assert read_settings(tmp_path / "augment.toml") == settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data = ", "not readable as TOML"),
        ("data = " + "[" * 100_000, "not readable as TOML"),
        ("seed = 1", "where images are"),
        ("data = 3", "where images are"),
        ('data = ""', "where images are"),
        ('data = "a\\u0000b"', "where images are"),
        ('data = "d"\nsize = "big"', "size is 'big'; write height and width"),
        ('data = "d"\nsize = 128', "size is 128; write height and width"),
        ('data = "d"\nsize = [128]', r"size is \[128\]; write height and width"),
        ('data = "d"\nsize = [128, -64]', r"size is \[128, -64\]; write height and width"),
        ('data = "d"\nsize = [128.0, 64]', r"size is \[128.0, 64\]; write height and width"),
        ('data = "d"\nseed = "x"', "seed is 'x'; write a whole number"),
        ('data = "d"\nseed = -1', "seed is -1; write a whole number"),
        ('data = "d"\nseed = true', "seed is True; write a whole number"),
    ],
)
def test_a_broken_settings_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "augment.toml"
    path.write_text(text)
    with pytest.raises(AugmentError, match=rf"augment\.toml: .*{message}"):
        read_settings(path)
