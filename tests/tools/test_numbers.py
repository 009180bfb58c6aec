"""The figures of the code base, on a package written for the test."""

from pathlib import Path

from tools.numbers import PACKAGES, measure, report

CODE = """
from augment.other import *


def shown(value: Any, other) -> dict[str, Any]:
    from augment.late import thing

    print(value)


def read(path: Path) -> dict[str, Any]:
    '''The record.'''
    return json.loads(path)


class _Hidden:
    def open(self):
        try:
            pass
        except:
            pass
"""


def test_what_is_not_to_be_there_is_counted(tmp_path: Path) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "augment" / "module.py").write_text(CODE)
    (tmp_path / "augment" / "long.py").write_text("def long() -> None:\n" + "    pass\n" * 60)
    found = measure(tmp_path, "augment")
    assert (found.flat, found.functions, found.any_parameters, found.dict_results, found.late_imports) == (
        2,
        4,
        1,
        1,
        1,
    )
    assert len(found.unexplained) == 1
    assert [place.rpartition(" ")[2] for place in found.untyped] == ["shown"]
    assert [place.rpartition(" ")[2] for place in found.undocumented] == ["long", "shown"]
    assert found.long == ["augment/long.py:1 long (61 lines)"]
    assert sorted(each.partition(" ")[2] for each in found.frowned) == ["bare except", "import *", "print"]
    assert "public functions without types: 1" in report(tmp_path)
