"""A number of things in words."""

import pytest

from augment.plurals import counted


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("image",), "0 images"),
        (1, ("image",), "1 image"),
        (12_936, ("image",), "12,936 images"),
        (1, ("identity", "identities"), "1 identity"),
        (2, ("query is", "queries are"), "2 queries are"),
    ],
)
def test_a_number_is_said_with_the_word_for_what_it_counts(number: int, words: tuple[str, ...], said: str) -> None:
    assert counted(number, *words) == said
