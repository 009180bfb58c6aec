"""Run as a program in a folder: every loader meets every file, under an audit hook; prints what happened as JSON.

An audit hook hears what the interpreter does whoever asks for it: unpickling's `find_class`, `exec` of source,
starting processes, opening files.
"""

import json
import os
import pickle
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

WATCHED = ("pickle.find_class", "os.system", "subprocess.Popen", "shutil.unpack_archive", "socket.connect", "compile")
heard: list[list[str]] = []
armed: list[bool] = []


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    """Note the events that no loader may cause."""
    if not armed:
        return
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    source = event == "exec" and not str(arguments[0].co_filename).endswith(".py")
    if event in WATCHED or writes or source:
        heard.append([event, repr(arguments)[:200]])


class Bomb:
    """A pickle of it makes a file when it is loaded."""

    def __init__(self, call: Callable[..., Any], argument: str) -> None:
        self.call, self.argument = call, argument

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return self.call, (self.argument,)


def write_bombs(folder: Path) -> None:
    """The same mischief as a bare pickle, in torch's file formats, in an archive, under several endings."""
    import torch

    for number, bomb in enumerate((Bomb(os.system, "touch executed"), Bomb(exec, "open('executed', 'w')"))):
        for ending in ("pth", "safetensors", "jpg", "csv", "toml", "json"):
            (folder / f"{number}.{ending}").write_bytes(pickle.dumps(bomb))
            torch.save(bomb, folder / f"zip-{number}.{ending}")
            torch.save(
                {"model.1.weight": bomb}, folder / f"old-{number}.{ending}", _use_new_zipfile_serialization=False
            )
    with tarfile.open(folder / "archive.pth", "w") as tar:
        tar.add(folder / "0.pth", "../executed")


def loaders() -> dict[str, Callable[[Path], object]]:
    """Everything that reads a user's file."""
    import torch

    from augment.artefacts.records import read_record
    from augment.images import read_image
    from augment.settings import read_settings
    from augment.training.loop import load_state
    from patn.checkpoints import load_discriminator, load_generator, read_metadata
    from patn.importing import read_authors
    from patn.keypoints import read_keypoints
    from patn.pairs import read_pairs
    from patn.state_dict import read_state
    from reid.checkpoints import load_model
    from reid.models.weight_files import load_weights

    class Objective:
        networks: dict[str, torch.nn.Module] = {}  # noqa: RUF012
        optimizers: dict[str, torch.optim.Optimizer] = {}  # noqa: RUF012

    return {
        "load_generator": load_generator,
        "load_discriminator": load_discriminator,
        "read_metadata": read_metadata,
        "read_authors": read_authors,
        "load_model": load_model,
        "read_state": read_state,
        "load_state": lambda path: load_state(Objective(), path),  # type: ignore[arg-type]
        "resnet50": lambda path: load_weights(torch.nn.Linear(1, 1), path, "resnet50"),
        "read_image": read_image,
        "read_keypoints": read_keypoints,
        "read_pairs": read_pairs,
        "read_settings": read_settings,
        "run.json": lambda path: read_record(path, {}),
    }


def main() -> None:
    """Let every loader meet every file twice: what is imported late is imported the first time."""
    folder = Path.cwd()
    write_bombs(folder)
    from augment.failures import sentence

    said: dict[str, str] = {}
    for listening in (False, True):
        armed[:] = [True] * listening
        for name, load in loaders().items():
            for path in sorted(folder.glob("*.*")):
                try:
                    load(path)
                    said[f"{name} {path.name}"] = "taken"
                except Exception as error:
                    said[f"{name} {path.name}"] = sentence(error)
    armed.clear()
    print(json.dumps({"heard": heard, "said": said, "executed": sorted(map(str, folder.parent.rglob("executed")))}))


if __name__ == "__main__":
    sys.addaudithook(listen)
    main()
