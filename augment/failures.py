"""What a user reads when a command fails: one sentence for any exception."""

import difflib
import errno
import io
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import patn
import reid
from augment import AugmentError
from augment.fields import as_options

OURS = (AugmentError, patn.DataError, reid.DataError)
"""Exceptions whose text is already the sentence."""


_VISIBLE = {code: repr(chr(code))[1:-1] for code in (*range(32), 127, *range(0xD800, 0xE000))}
"""Line breaks and what else in the name of a file would tear a sentence or a terminal apart, made visible."""


OUT_OF_MEMORY = "out of memory; give a smaller --batch or fewer --jobs, or raise the limit (ulimit -v)"
_NO_MEMORY = "out of memory|(can't|cannot) allocate memory|can't start new thread|failed to map segment"
_AGAIN = "and give the same command again, it goes on where it stopped"
_RIGHT = "give yourself the right to it or choose another folder"
_FILES = f"raise the limit on open files (ulimit -n) {_AGAIN}"
_REMEDIES = {
    errno.ENOSPC: f"free some {_AGAIN}",
    errno.EDQUOT: f"free some {_AGAIN}",
    errno.EFBIG: f"raise the limit on file sizes (ulimit -f) {_AGAIN}",
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.ENOENT: f"put it back {_AGAIN}",
    errno.EACCES: _RIGHT,
    errno.EPERM: _RIGHT,
    errno.EROFS: _RIGHT,
}


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?`, or an empty string where nothing is like the word.

    Args:
        word: what was typed.
        known: what could have been.
    """
    match = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {match[0]!r}?" if match else ""


@contextmanager
def interrupts() -> Iterator[list[int]]:
    """Count Ctrl-C while the block runs: C++ code that is interrupted may raise another error than KeyboardInterrupt.

    Yields:
        The signals so far. It stays empty outside the main thread, and where SIGINT is not handled as by default.
    """
    seen: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        signal.default_int_handler(number, frame)

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield seen
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ready_streams() -> None:
    """Open closed streams on nothing, and let those of another encoding show a character that they lack as its number.

    A file that is opened later would else become what libraries take for standard error.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - it lasts as long as the process
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def marked(error: Exception) -> str:
    """The sentence of an error, its fields marked.

    Args:
        error: one of OURS.
    """
    return error.marked if isinstance(error, AugmentError) else str(error)


def sentence(error: Exception) -> str:
    """What a terminal reads, with options: the packages' own words, a file's trouble, or a bug's name.

    Args:
        error: whatever ended a command.
    """
    text = as_options(marked(error)).strip().translate(_VISIBLE)
    if isinstance(error, OURS):
        return text
    if isinstance(error, FileNotFoundError) and error.filename is None:
        return "the current folder is gone; change to one that is there and give the same command again"
    if isinstance(error, OSError) and error.errno not in (None, errno.ENOMEM):
        return f"{str(error.filename or 'a file').translate(_VISIBLE)}: {error.strerror}; {_remedy(error.errno or 0)}"
    if "os error 28" in text or "No space left" in text:  # safetensors writes files on its own
        return f"no space left on the disk; {_remedy(errno.ENOSPC)}"
    if isinstance(error, MemoryError) or re.search(_NO_MEMORY, text, re.IGNORECASE):
        return OUT_OF_MEMORY
    first = next(iter(str(error).strip().splitlines()), "no message")
    return (
        f"this should not happen ({type(error).__name__}: {first}); `augment -v -v ...` shows where, please report it"
    )


class Lines(logging.Formatter):
    """Log records as lines of a terminal: an error among the arguments of a record names options."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The message alone.

        Args:
            record: what was logged.
        """
        arguments = record.args if isinstance(record.args, tuple) else ()
        said = tuple(sentence(word) if isinstance(word, AugmentError) else word for word in arguments)
        return str(record.msg) % said if said else record.message


def _remedy(number: int) -> str:
    return _REMEDIES.get(number, "correct that and give the same command again")
