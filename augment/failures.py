"""What a user reads when a command fails: one sentence for any exception."""

import errno
import re

import patn
import reid
from augment import AugmentError

OURS = (AugmentError, patn.DataError, reid.DataError)
"""Exceptions whose text is already the sentence."""


_VISIBLE = {code: repr(chr(code))[1:-1] for code in (*range(32), 127, *range(0xD800, 0xE000))}
"""Line breaks and what else in the name of a file would tear a sentence or a terminal apart, made visible."""


def sentence(error: Exception) -> str:
    """What went wrong and what to do, in one sentence: the packages' own words, a file's trouble, or a bug's name."""
    text = str(error).strip().translate(_VISIBLE)
    if isinstance(error, OURS):
        return text
    if isinstance(error, OSError) and error.errno is not None:
        return f"{str(error.filename or 'a file').translate(_VISIBLE)}: {error.strerror}; {_remedy(error.errno)}"
    if "os error 28" in text or "No space left" in text:  # safetensors writes files on its own
        return f"no space left on the disk; {_remedy(errno.ENOSPC)}"
    if isinstance(error, MemoryError) or re.search("out of memory|can't allocate memory", text, re.IGNORECASE):
        return "out of memory; give a smaller --batch or fewer --jobs"
    first = next(iter(str(error).strip().splitlines()), "no message")
    return (
        f"this should not happen ({type(error).__name__}: {first}); `augment -v -v ...` shows where, please report it"
    )


def _remedy(number: int) -> str:
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "free some and give the same command again, it goes on where it stopped"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "give yourself the right to it or choose another folder"
    return "mend that and give the same command again"
