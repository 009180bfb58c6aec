from tools.audit import verdict

FINE = {"name": "fine", "version": "1.0", "vulns": []}
HOLED = {"name": "holed", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "unknown", "skip_reason": "Dependency not found"}


def test_every_package_was_looked_up() -> None:
    assert verdict({"dependencies": [FINE, FINE]}) == (0, "2 packages without a known vulnerability")


def test_a_vulnerable_pin_is_named_with_the_version_that_mends_it() -> None:
    assert verdict({"dependencies": [FINE, HOLED]}) == (1, "holed 1.0: PYSEC-1, fixed in 1.1")


def test_packages_that_were_not_looked_up_are_no_clean_bill() -> None:
    status, said = verdict({"dependencies": [FINE, UNKNOWN, HOLED]})
    assert status == 2
    assert "PYSEC-1" in said
    assert "1 of 3 packages were not found in the database (unknown)" in said
