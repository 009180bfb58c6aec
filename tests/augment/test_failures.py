import errno

import pytest

from augment import AugmentError
from augment.failures import sentence
from patn import KeypointError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (AugmentError("a: is odd; mend it"), "a: is odd; mend it"),
        (KeypointError("b: is odd; mend it"), "b: is odd; mend it"),
        (OSError(errno.ENOSPC, "No space left on device", "c"), "c: No space left on device; free some and"),
        (OSError(errno.EACCES, "Permission denied", "d"), "d: Permission denied; give yourself the right"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "e"), "e: Not a directory; correct that"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "no space left on the disk; free some"),
        (OSError(errno.EFBIG, "File too large", "f"), "f: File too large; raise the limit on file sizes (ulimit -f)"),
        (OSError(errno.EMFILE, "Too many", "g"), "g: Too many; raise the limit on open files (ulimit -n)"),
        (FileNotFoundError(errno.ENOENT, "No such file", "h"), "h: No such file; put it back and give the same"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "the current folder is gone; change to one that is there"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out of memory; give a smaller --batch"),
        (ImportError("libtorch.so: failed to map segment from shared object"), "out of memory; give a smaller --batch"),
        (RuntimeError("can't start new thread"), "out of memory; give a smaller --batch"),
        (RuntimeError("CUDA out of memory. Tried\nto"), "out of memory; give a smaller --batch"),
        (MemoryError(), "out of memory; give a smaller --batch"),
        (KeyError("key"), "this should not happen (KeyError: 'key'); `augment -v -v ...` shows where"),
        (ValueError(), "this should not happen (ValueError: no message)"),
        (ValueError("\nfirst\nsecond"), "this should not happen (ValueError: first)"),
    ],
)
def test_every_failure_is_one_sentence(error: Exception, text: str) -> None:
    assert sentence(error).startswith(text)
    assert "\n" not in sentence(error)
