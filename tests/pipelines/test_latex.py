"""LaTeX of Table 5: what booktabs needs, lines as long as their header, and no name that LaTeX would run."""

import re

import pytest

from pipelines.table5.latex import escape, latex
from pipelines.table5.results import summarise
from tests.pipelines.summaries import Line, results

HOSTILE = r"a_b & 50% #1 $x^2$ \input{x} {~} [*]"


def source(*lines: Line) -> str:
    return latex(summarise(results(*lines)))


@pytest.fixture
def made() -> str:
    none: Line = ("none", [30.0, 31.0, 35.0], {})
    short = ("none", [9.0, 9.5, 8.0], {"length": "epochs"})
    return source(none, short, ("ours", [80.0, 81.5, 82.0], {}), (HOSTILE, [50.0], {}), ("*x", [1.0, 2.0], {}))


def test_every_environment_and_rule_is_there_in_order(made: str) -> None:
    for table in made.split(r"\begin{table*}")[1:]:
        words = ("caption", "begin{tabular}", "toprule", "midrule", "bottomrule", "end{tabular}", "end{table*}")
        places = [table.index(f"\\{word}") for word in words]
        assert places == sorted(places)
    assert made.count(r"\begin{table*}") == 2


def test_every_line_has_as_many_cells_as_the_tabular_has_columns(made: str) -> None:
    for columns, body in re.findall(r"\\begin{tabular}{@{}([lr]+)@{}}\n(.*?)\\end{tabular}", made, flags=re.DOTALL):
        lines = [line for line in body.splitlines() if line.endswith(r" \\")]
        assert len(lines) > 2
        assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in lines} == {len(columns)}


def test_braces_and_formulas_are_closed(made: str) -> None:
    assert made.replace(r"\{", "").count("{") == made.replace(r"\}", "").count("}")
    assert made.replace(r"\$", "").count("$") % 2 == 0


def test_a_hostile_name_is_printed_and_not_run(made: str) -> None:
    assert r"a\_b \& 50\% \#1 \$x\textasciicircum{}2\$ \textbackslash{}input\{x\} \{\textasciitilde{}\} [*]" in made
    assert r"\input{x}" not in made.split("\n", 1)[1]


def test_a_name_with_a_star_in_front_does_not_belong_to_the_line_before(made: str) -> None:
    starts = [line for line in made.splitlines() if line.endswith(r" \\")]
    assert not any(line.startswith(("*", "[")) for line in starts)
    assert any(line.startswith("{*x}") for line in starts)


def test_signs_of_numbers_become_minus_and_words_keep_their_hyphen() -> None:
    assert escape("-3.5 [-8.0, +1.0] ResNet-50 ± 2") == r"$-$3.5 [$-$8.0, +1.0] ResNet-50 $\pm$ 2"


def test_one_seed_says_so() -> None:
    text = source(("none", [30.0], {}), ("ours", [80.0], {}))
    assert "80.0 (1)" in text
    assert "+50.0 (1)" in text
