"""Lines of code: what is counted, what is not, and the figures made of them."""

from pathlib import Path

import pytest

from tools.code_lines import code_lines, count, ratios

MODULE = '''"""The module's docstring.

Over three lines.
"""

import os  # a comment behind code

# a comment alone


class Thing:
    """What it is."""

    name = "a"

    def call(
        self,
    ) -> str:
        """Say it.

        Returns:
            The words.
        """
        return """two
lines"""
'''


def test_docstrings_comments_and_blank_lines_are_not_counted() -> None:
    assert code_lines(MODULE) == 8  # import, class, name, three of the signature, two of the returned string


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", 0),
        ("# nothing\n\n", 0),
        ("x = 1", 1),
        ('def f(): "a docstring beside code"\n', 1),
        ('def f():\n    "a docstring alone"\n', 1),
        ('ä = 1; """two\nlines"""\n', 1),
        ('("a docstring"\n "in two strings")\n', 2),
        ("x = [\n\n    1,  # one\n    # two\n]\n", 3),
        ("x = '''\n\n'''\n", 3),
        ("if x:\n    pass\nelse:\n    pass\n", 4),
        ("f'''{\nx\n}'''\n", 3),
    ],
)
def test_a_line_counts_where_code_stands_on_it(text: str, lines: int) -> None:
    assert code_lines(text) == lines


def test_tests_are_set_against_code_by_package_and_together(tmp_path: Path) -> None:
    for place, lines in {
        "augment/a.py": 3,
        "augment/deep/b.py": 1,
        "patn/c.py": 4,
        "tests/augment/test_a.py": 2,
        "tests/conftest.py": 1,
        "tests/hostile/test_h.py": 3,
        "tests/tools/test_t.py": 100,
        "augment/notes.txt": 9,
    }.items():
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# not this\n" + "x = 1\n" * lines)
    assert count(tmp_path, "augment") == 4
    assert count(tmp_path, "nowhere") == 0
    assert [line.partition(", ")[2] for line in ratios(tmp_path, ("augment", "patn"))] == [
        "augment: 0.50 (2 / 4)",
        "patn: 0.00 (0 / 4)",
        "all tests over all packages: 0.75 (6 / 8)",
    ]
