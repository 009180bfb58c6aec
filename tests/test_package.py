"""What is installed is what setup.cfg declares, and what is declared is what is needed."""

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from importlib import metadata, resources
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.lock import lock_text

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("augment", "patn", "reid", "pipelines")
PIN = re.compile(r"^(\S+)==(\S+) \\\n    --hash=sha256:([0-9a-f]{64})\n", re.MULTILINE)
LOCKED_EXTRAS = ("poses", "perceptual", "metrics", "study", "video", "ray", "dev")


def setup_cfg() -> ConfigParser:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    return config


def requirements(text: str) -> list[Requirement]:
    """The requirements of a setup.cfg list, comments left out."""
    lines = (line.strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def locked() -> dict[str, str]:
    """Versions of requirements.lock by normalised name."""
    return {canonicalize_name(name): version for name, version, _ in PIN.findall(lock_file())}


def lock_file() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_installed_with_a_docstring(package: str):
    assert importlib.import_module(package).__doc__
    for module in (ROOT / package).rglob("*.py"):
        assert (module.parent / "__init__.py").exists(), f"{module.parent} is left out of the package"


def test_report_templates_are_package_data():
    assert any(file.name.endswith(".html") for file in (resources.files("pipelines") / "templates").iterdir())
    assert "templates/*" in setup_cfg()["options.package_data"]["pipelines"]


def test_console_script_and_plugged_commands_load():
    (script,) = (point for point in metadata.entry_points(group="console_scripts") if point.name == "augment")
    assert isinstance(script.load(), click.Group)
    declared = setup_cfg()["options.entry_points"]["augment.commands"].split("\n")
    wanted = dict(re.split(r"\s*=\s*", line) for line in declared if line.strip())
    plugged = {point.name: point for point in metadata.entry_points(group="augment.commands")}
    for name, place in wanted.items():
        assert plugged[name].value == place, "the installed package is old; run `make install`"
        assert isinstance(plugged[name].load(), click.Command)


def test_installed_version_and_requirements_are_those_of_setup_cfg():
    config = setup_cfg()
    assert metadata.version("augment-reid") == config["metadata"]["version"]
    installed = [Requirement(line) for line in metadata.requires("augment-reid") or []]
    core = {
        requirement.name: requirement.specifier for requirement in installed if "extra" not in str(requirement.marker)
    }
    declared = {item.name: item.specifier for item in requirements(config["options"]["install_requires"])}
    assert core == declared
    assert set(metadata.metadata("augment-reid").get_all("Provides-Extra") or []) == set(LOCKED_EXTRAS)


@pytest.mark.parametrize("part", ["core", *LOCKED_EXTRAS])
def test_lock_file_is_within_the_bounds(part: str):
    config = setup_cfg()
    text = config["options"]["install_requires"] if part == "core" else config["options.extras_require"][part]
    pins = locked()
    for requirement in requirements(text):
        version = pins.get(canonicalize_name(requirement.name))
        assert version is not None, f"requirements.lock does not pin {requirement.name}"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} excludes {version}"


def test_every_line_of_the_lock_file_is_a_pin_with_a_hash_and_pip_asks_for_it():
    comments = re.compile(r"^#.*\n", re.MULTILINE)
    assert PIN.sub("", comments.sub("", lock_file())) == ""
    assert len(locked()) == len(PIN.findall(lock_file())) > 50
    assert "--require-hashes --requirement requirements.lock" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_lock_file_is_made_from_pips_report():
    item = {"metadata": {"name": "Some_Thing", "version": "1.0"}}
    item["download_info"] = {"archive_info": {"hashes": {"sha256": "a" * 64}}}
    text = lock_text(["some-thing==1.0"], {"install": [item]})
    assert PIN.findall(text) == [("some-thing", "1.0", "a" * 64)]
    with pytest.raises(KeyError):
        lock_text(["some-thing==1.1"], {"install": [item]})


def test_lock_file_has_one_cv2():
    assert [name for name in locked() if name.startswith("opencv-")] == ["opencv-python-headless"]


def test_every_dependency_has_a_lower_and_an_upper_bound():
    for requirement in requirements(setup_cfg()["options"]["install_requires"]):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators == {"=="} or operators >= {">=", "<"}, str(requirement)


def test_what_torchreid_imports_is_declared():
    config = setup_cfg()
    declared = {canonicalize_name(item.name) for item in requirements(config["options"]["install_requires"])}
    origin = find_spec("torchreid").origin  # type: ignore[union-attr]
    imported = {name for file in Path(origin or "").parent.rglob("*.py") for name in _imports(file)}
    imported -= {*sys.stdlib_module_names, "torchreid", "Cython", "setuptools", "distutils"}  # building, not running
    owners = metadata.packages_distributions()
    for module in sorted(imported):
        assert {canonicalize_name(owner) for owner in owners.get(module, [])} & declared, (
            f"torchreid imports {module}, which setup.cfg does not declare"
        )
    assert "tensorboard" in declared  # torchreid's engine imports torch.utils.tensorboard


def _imports(file: Path) -> Iterator[str]:
    """Top-level names of the modules that a file imports absolutely when it is imported itself."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]
