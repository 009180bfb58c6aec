"""Written pictures, which say in their metadata that they are generated and from what."""

from pathlib import Path

from augment import AugmentError
from augment.artefacts.files import write_image
from numerics.arrays import Pixels

PICTURES = (".jpg", ".jpeg", ".png")
"""How the names of pictures end."""
_DESCRIPTION, _SOFTWARE = 0x010E, 0x0131


def write_jpeg(pixels: Pixels, path: Path, description: str) -> None:
    """Write a JPEG of quality 95 by rename.

    Args:
        pixels: of the image.
        path: of the file.
        description: what it is, for its metadata.

    Raises:
        OSError: where it cannot be written; names the file.
    """
    _write(pixels, path, description, "JPEG", quality=95)


def write_picture(pixels: Pixels, path: Path, description: str) -> None:
    """Write a JPEG or PNG whose EXIF says that it is generated and from what, by rename.

    Args:
        pixels: of the image.
        path: of the file, whose ending says which; its folder is made where it is missing.
        description: for the EXIF.

    Raises:
        AugmentError: where it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".png":
            _write(pixels, path, description, "PNG")
        else:
            write_jpeg(pixels, path, description)
    except OSError as error:
        raise AugmentError(f"{path}: cannot be written ({error.strerror}); choose another place with -o") from error


def _write(pixels: Pixels, path: Path, description: str, kind: str, **options: int) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[_DESCRIPTION], exif[_SOFTWARE] = description, "augment"
    write_image(Image.fromarray(pixels), path, kind, exif=exif, **options)
