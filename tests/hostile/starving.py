"""Verbs that are starved: `python -m tests.hostile.starving` prints as JSON what each said and what it left.

`every` as argument asks for all cases, `mounting` for those that need a small disk of their own.

Every verb is begun in a fork that lacks something, on a workspace in which the verbs before it are done; then that is
mended and the same command is given again.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"  # before torch and numpy are imported: a fork has one thread
os.environ["MPLBACKEND"] = "Agg"

import codecs  # noqa: E402
import json  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from dataclasses import asdict, dataclass, field  # noqa: E402
from pathlib import Path  # noqa: E402

from tests.hostile.shortages import (  # noqa: E402
    Step,
    as_nobody,
    empty,
    file_size,
    fill,
    forbid,
    memory,
    mount_alone,
    nothing,
    open_files,
    permit,
    put_back,
    read_only,
    vanish,
    variables,
    writable,
)
from tests.torture.contents import contents, differences  # noqa: E402
from tests.torture.processes import Ended, Process  # noqa: E402
from tests.torture.verbs import import_all  # noqa: E402

VERBS = {
    "init": "init ROOT --identities 2 --test-identities 1 --images 4 --cameras 2 --size 64 32 --jobs 1",
    "poses": "poses --csv ROOT/data/keypoints/train.csv --csv ROOT/data/keypoints/query.csv "
    "--csv ROOT/data/keypoints/test.csv",
    "patn-train": "patn-train --preset demo --steps 2 --batch 2 --blocks 1 --perceptual none",
    "generate": "generate --portion 0.3",
    "reid-train": "reid-train --preset demo --backbone small --portion 0.3 --augmentation ours --epochs 2",
    "table5": "table5 --portions 0.3 --rows none --seeds 1 --lengths updates --threads 1",
    "report": "report --no-galleries --no-generators",
}
CHEAP, LATER = ("poses", "generate", "reid-train"), ("reid-train", "table5")


@dataclass(frozen=True)
class Lack:
    """What a verb lacks: `limit` runs in its process before it, `spoil` and `mend` around it, on its workspace.

    verbs: starved in every run of the tests.  others: write by the code of one of `verbs`; starved by `make torture`.
    """

    name: str
    verbs: tuple[str, ...]
    others: tuple[str, ...] = ()
    limit: Step = nothing
    spoil: Step = nothing
    mend: Step = nothing


@dataclass
class Found:
    """What a starved verb came to: its status and words, what was damaged, and how the same command ended afterwards.

    damaged: files of verbs before that are not as they were.  finished: a record says the verb's work is done.
    different: what differs from a workspace that lacked nothing.
    """

    lack: str
    verb: str
    root: str = ""
    status: int = 0
    said: str = ""
    damaged: list[str] = field(default_factory=list)
    finished: bool = False
    again: int = 0
    said_again: str = ""
    different: list[str] = field(default_factory=list)


HOMELESS = {"HOME": None, "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None}
LACKS = (
    Lack("room in a file", ("init", "poses", "patn-train", "generate", "report"), LATER, file_size(600)),
    Lack("room in a larger file", ("reid-train",), ("patn-train",), file_size(12_000)),
    Lack("memory", ("generate", "reid-train"), ("patn-train", "table5"), memory(8 << 20)),
    Lack("permission", ("init", "poses", "generate", "report"), ("patn-train", *LATER), as_nobody, forbid, permit),
    Lack("its folder after a moment", CHEAP, ("init", "table5"), vanish(4), mend=put_back),
    Lack("its folder later", ("patn-train", "generate"), ("reid-train",), vanish(9), mend=put_back),
    Lack("more than 64 open files", ("generate", "reid-train"), ("patn-train", "poses"), open_files(64)),
    Lack("open files", ("generate", "reid-train"), (), open_files(4)),
    Lack("a home", ("reid-train", "report"), ("poses", "generate"), variables(**HOMELESS)),
    Lack("a home that exists", ("poses", "generate"), ("reid-train", "report"), variables(HOME="/dev/null/none")),
    Lack("a temporary folder on its device", ("poses", "generate"), ("report",), variables(TMPDIR="/dev/shm")),
)
MOUNTING = (
    Lack("room on the disk", ("init", "patn-train", "generate", "report"), ("poses", *LATER), spoil=fill, mend=empty),
    Lack(
        "a folder it may write to",
        ("init", "generate"),
        ("poses", "patn-train", *LATER, "report"),
        spoil=read_only,
        mend=writable,
    ),
)


def cases(lacks: Sequence[Lack], *, every: bool) -> list[tuple[Lack, str]]:
    """What is tested: the verbs that lack each, and if `every` those that only `make torture` starves."""
    return [(lack, verb) for lack in lacks for verb in (*lack.verbs, *(lack.others if every else ()))]


def run(verb: str, root: Path, limit: Step = nothing) -> Ended:
    """Run a verb in a fork, after `limit`."""
    from augment.cli import augment

    place = [] if verb == "init" else ["--workspace", str(root)]
    words = ["--device", "cpu", "--quiet", *place, *VERBS[verb].replace("ROOT", str(root)).split()]

    def work() -> None:
        os.chdir("/")
        limit(root)
        augment.main(words, prog_name="augment")

    with tempfile.TemporaryDirectory() as log:
        return Process(work, Path(log) / "said.txt").end()


def starve(lack: Lack, verb: str, whole: Path, folder: Path) -> Found:
    """Begin a verb that lacks something in `folder`, mend that, and begin it again."""
    root, found = folder / "room" / "w", Found(lack.name, verb)
    root.parent.mkdir()
    if verb != "init":
        shutil.copytree(whole / f"before-{verb}", root, symlinks=True)
    before, records = _contents(root), {*root.rglob("run.json"), *root.glob("augment.toml")}
    lack.spoil(root)
    ended = run(verb, root, lack.limit)
    found.root, found.status, found.said = str(root), ended.status, ended.said
    if lack.mend is put_back:
        put_back(root)
    now = _contents(root)
    found.damaged = [name for name in before if now.get(name) != before[name]]
    found.finished = bool(set(root.rglob("run.json")) - records) or (
        verb == "init" and (root / "augment.toml").exists()
    )
    lack.mend(root)
    again = run(verb, root)
    found.again, found.said_again = again.status, again.said
    found.different = differences(root, contents(whole / f"after-{verb}"))
    shutil.rmtree(root.parent)
    return found


def _contents(root: Path) -> dict[str, bytes | str]:
    return contents(root) if root.exists() else {}


def unbroken(folder: Path) -> Path:
    """Run all verbs once and keep the workspace before and after each; returns where."""
    root, kept = folder / "unbroken" / "w", folder / "kept"
    root.parent.mkdir()
    for verb in VERBS:
        if root.exists():
            shutil.copytree(root, kept / f"before-{verb}", symlinks=True)
        ended = run(verb, root)
        if ended.status:
            raise RuntimeError(f"{verb} ended with {ended.status}: {ended.said}")
        shutil.copytree(root, kept / f"after-{verb}", symlinks=True)
    return kept


def main() -> None:
    """Starve the verbs of everything; the arguments say which cases."""
    every = "every" in sys.argv[1:]
    warnings.simplefilter("ignore")
    import_all()
    codecs.lookup("utf-8-sig")  # nobody else may read where Python is
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        kept = unbroken(folder)
        found = [starve(lack, verb, kept, folder) for lack, verb in cases(LACKS, every=every)]
        if "mounting" in sys.argv[1:]:
            mount_alone()
            disk = folder / "disk"
            disk.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", disk], check=True)
            try:
                found += [starve(lack, verb, kept, disk) for lack, verb in cases(MOUNTING, every=every)]
            finally:
                subprocess.run(["umount", disk], check=False)
        print(json.dumps([asdict(each) for each in found]))


if __name__ == "__main__":
    main()
