"""What a starved verb can lack: each step takes something from this process or from a workspace, or gives it back."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOBODY = 65534
NEW_MOUNTS = 0x00020000  # the kernel's CLONE_NEWNS
Step = Callable[[Path], object]


def nothing(_: Path) -> None:
    """Lack nothing."""


def file_size(limit: int) -> Step:
    """No file may be larger."""
    return lambda _: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def open_files(count: int) -> Step:
    """No more files may be open, of which three are."""

    def limit(_: Path) -> None:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        os.closerange(3, most)  # what processes before this one had open
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))

    return limit


def memory(more: int) -> Step:
    """No more memory than the process has now and `more` bytes."""

    def limit(_: Path) -> None:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (used, used))

    return limit


def variables(**given: str | None) -> Step:
    """Other environment variables; None takes one away."""

    def limit(_: Path) -> None:
        os.environ.update({name: value for name, value in given.items() if value is not None})
        for name in given:
            if given[name] is None:
                os.environ.pop(name, None)
        tempfile.tempdir = None

    return limit


def as_nobody(_: Path) -> None:
    """Be a user who may write to nothing here."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def forbid(root: Path) -> None:
    """Let nobody but root write to the workspace."""
    _modes(root, 0o222, 0)


def permit(root: Path) -> None:
    """Let the owner write again."""
    _modes(root, 0, 0o200)


def _modes(root: Path, take: int, give: int) -> None:
    for path in (root.parent, *([root, *root.rglob("*")] if root.exists() else [])):
        if not path.is_symlink():
            path.chmod((path.stat().st_mode & ~take) | give)


def vanish(number: int) -> Step:
    """The workspace is moved away when a file is opened for writing or renamed the `number`th time."""

    def limit(root: Path) -> None:
        left = [number]

        def hear(event: str, told: tuple[Any, ...]) -> None:
            if event == "os.rename" or (event == "open" and told[2] & (os.O_WRONLY | os.O_RDWR)):
                left[0] -= 1
                if left[0] == 0 and root.exists():
                    root.rename(root.with_name("elsewhere"))

        sys.addaudithook(hear)

    return limit


def put_back(root: Path) -> None:
    """Move the workspace back; what was made where it had been is no workspace, and goes."""
    if root.with_name("elsewhere").exists():
        shutil.rmtree(root, ignore_errors=True)
        root.with_name("elsewhere").rename(root)


def fill(root: Path) -> None:
    """Leave 16 kB of the disk, a small one of its own."""
    with (root.parent / "ballast").open("wb", buffering=0) as file:
        free = shutil.disk_usage(root.parent).free - (16 << 10)
        while free > 0:
            free -= file.write(bytes(min(free, 1 << 16)))


def empty(root: Path) -> None:
    """Free the disk."""
    (root.parent / "ballast").unlink()


def mount_alone() -> None:
    """Let nobody else see what this process and its children mount, as `unshare --mount` does."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_MOUNTS):
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def read_only(root: Path) -> None:
    """Mount the workspace's folder so that nothing can be written to it."""
    subprocess.run(["mount", "--bind", root.parent, root.parent], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", root.parent], check=True)


def writable(root: Path) -> None:
    """Take that mount away."""
    subprocess.run(["umount", root.parent], check=True)
