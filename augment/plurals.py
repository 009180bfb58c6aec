"""Numbers of things in words."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with the word for what it counts: `1 image`, `2 images`, `12,936 images`.

    Args:
        number: of things.
        one: the word for one of them; it may have its verb behind it.
        many: for any other number; None is `one` with an s.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
