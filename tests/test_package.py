"""What is installed is what pyproject.toml declares, and what is declared is what is needed."""

import ast
import hashlib
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
LOCK_FILE = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PACKAGES = ("augment", "patn", "reid", "pipelines", "numerics")
PYTHONS = ("3.11", "3.12", "3.13")
PIN = re.compile(r"^([\w.-]+==\S+(?: ; .+?)?)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n", re.MULTILINE)


def requirements(part: str) -> list[Requirement]:
    """What pyproject.toml asks for in an extra, or in "core"."""
    return [Requirement(line) for line in (PROJECT["dependencies"] if part == "core" else EXTRAS[part])]


def environment(python: str) -> dict[str, str]:
    """The environment markers of that Python on Linux x86-64."""
    markers = {"python_version": python, "python_full_version": f"{python}.9", "implementation_name": "cpython"}
    markers |= {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"}
    return markers | {"platform_python_implementation": "CPython"}


def applies(requirement: Requirement, python: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(environment(python))


def locked(python: str) -> dict[str, str]:
    """Versions that requirements.lock pins for that Python by normalised name; fails where one is pinned twice."""
    found: dict[str, str] = {}
    for line, _ in PIN.findall(LOCK_FILE):
        pin = Requirement(line)
        if applies(pin, python):
            name = canonicalize_name(pin.name)
            assert name not in found, f"{name} is pinned twice for Python {python}"
            (specifier,) = pin.specifier
            found[name] = specifier.version
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_installed_with_a_docstring_and_their_types(package: str) -> None:
    assert importlib.import_module(package).__doc__
    assert (ROOT / package / "py.typed").exists()
    for module in (ROOT / package).rglob("*.py"):
        assert (module.parent / "__init__.py").exists(), f"{module.parent} is left out of the package"


def test_the_formatter_is_never_switched_off() -> None:
    switched = re.compile(r"#\s*(fmt:\s*(skip|off)|yapf:\s*disable)")
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in listed.stdout.split()]
    assert len(files) > 100
    assert [file.name for file in files if switched.search(file.read_text(encoding="utf-8"))] == []


def test_every_file_of_the_packages_is_package_data() -> None:
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["*"]
    files = [
        file for package in PACKAGES for file in (ROOT / package).rglob("*.*") if file.suffix not in (".py", ".pyc")
    ]
    assert len(files) > 20
    for file in files:
        assert any(fnmatch(file.name, pattern.removeprefix("**/")) for pattern in patterns), file


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("thunder", "213adbe3ae6cfc9686b18a416ec7cd866b0f6a3cbd4140dd6fc1be80c0ae7c9e"),
        ("lightning", "cd7cc22fa946e5d146a7b98d496853e1923e22828d3972d579973f27f91bb105"),
    ],
)
def test_a_built_in_pose_estimator_is_the_file_of_its_notice(name: str, digest: str) -> None:
    folder = ROOT / "augment" / "builtin"
    notice = (folder / "movenet.NOTICE.txt").read_text(encoding="utf-8")
    assert hashlib.sha256((folder / f"movenet-{name}.tflite").read_bytes()).hexdigest() == digest
    assert f"SHA-256: {digest}" in notice.partition(f"movenet-{name}.tflite")[2].partition("\n\n")[0]


def test_the_built_in_pose_estimators_ship_with_their_licence() -> None:
    assert "Apache License\n" in (ROOT / "augment/builtin/movenet.LICENSE.txt").read_text(encoding="utf-8")
    licences = {path.name for pattern in PROJECT["license-files"] for path in ROOT.glob(pattern)}
    assert licences == {"LICENSE", "movenet.LICENSE.txt", "movenet.NOTICE.txt"}
    assert PROJECT["license"] == "MIT AND Apache-2.0"


@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_gets_the_default_estimator(python: str) -> None:
    assert all(applies(requirement, python) for requirement in requirements("poses"))
    assert "ai-edge-litert" in locked(python)


def test_console_script_and_plugged_commands_load() -> None:
    (script,) = (point for point in metadata.entry_points(group="console_scripts") if point.name == "augment")
    assert isinstance(script.load(), click.Group)
    plugged = {point.name: point for point in metadata.entry_points(group="augment.commands")}
    for name, place in PROJECT["entry-points"]["augment.commands"].items():
        assert plugged[name].value == place, "the installed package is old; run `make install`"
        assert isinstance(plugged[name].load(), click.Command)


def test_installed_version_and_requirements_are_those_of_pyproject() -> None:
    assert metadata.version("augment-reid") == PROJECT["version"]
    installed = [Requirement(line) for line in metadata.requires("augment-reid") or []]
    core = {item.name: item.specifier for item in installed if "extra" not in str(item.marker)}
    assert core == {item.name: item.specifier for item in requirements("core")}
    assert set(metadata.metadata("augment-reid").get_all("Provides-Extra") or []) == set(EXTRAS)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("part", ["core", *EXTRAS])
def test_lock_file_is_within_the_bounds(part: str, python: str) -> None:
    pins = locked(python)
    for requirement in requirements(part):
        version = pins.get(canonicalize_name(requirement.name))
        if not applies(requirement, python):
            assert version is None, f"requirements.lock pins {requirement.name}, which Python {python} does not have"
            continue
        assert version is not None, f"requirements.lock does not pin {requirement.name}; run `make lock`"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} excludes {version}"


def test_mediapipe_and_numpy_1_end_with_python_3_12() -> None:
    for python, numpy, mediapipe in (("3.11", "1", True), ("3.12", "1", True), ("3.13", "2", False)):
        pins = locked(python)
        assert pins["numpy"].partition(".")[0] == numpy
        assert ("mediapipe" in pins) == mediapipe


def test_every_line_of_the_lock_file_is_a_pin_with_hashes_and_pip_asks_for_them() -> None:
    comments = re.compile(r"^ *#.*\n", re.MULTILINE)
    assert PIN.sub("", comments.sub("", LOCK_FILE)) == ""
    assert "://" not in LOCK_FILE
    assert all(len(locked(python)) > 50 for python in PYTHONS)
    assert "--require-hashes --requirement requirements.lock" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_pythons_are_the_same_everywhere() -> None:
    prefix = "Programming Language :: Python :: 3."
    assert [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if line.startswith(prefix)] == list(PYTHONS)
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"
    newest_first = " ".join(f"python{python}" for python in reversed(PYTHONS))
    assert f"for python in {newest_first};" in (ROOT / "Makefile").read_text(encoding="utf-8")
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert "python: [" + ", ".join(f'"{python}"' for python in PYTHONS) + "]" in workflow


def test_ci_and_pre_commit_run_what_make_and_the_lock_file_have() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    for target in re.findall(r"run: make (.+)", workflow):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), f"there is no `make {target}`"
    hooks = re.findall(r"entry: \.venv/bin/(.+)", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert len(hooks) == 4
    for hook in hooks:
        assert f"$(BIN)/{hook.removesuffix(' --force-exclude')}" in makefile


def test_lock_file_has_one_cv2() -> None:
    for python in PYTHONS:
        assert [name for name in locked(python) if name.startswith("opencv-")] == ["opencv-python-headless"]


def test_every_dependency_has_a_lower_and_an_upper_bound() -> None:
    for requirement in requirements("core"):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators == {"=="} or operators >= {">=", "<"}, str(requirement)


def test_what_torchreid_imports_is_declared() -> None:
    declared = {canonicalize_name(item.name) for item in requirements("core")}
    origin = find_spec("torchreid").origin  # type: ignore[union-attr]
    imported = {name for file in Path(origin or "").parent.rglob("*.py") for name in _imports(file)}
    imported -= {*sys.stdlib_module_names, "torchreid", "Cython", "setuptools", "distutils"}  # building, not running
    owners = metadata.packages_distributions()
    for module in sorted(imported):
        assert {canonicalize_name(owner) for owner in owners.get(module, [])} & declared, (
            f"torchreid imports {module}, which pyproject.toml does not declare"
        )
    assert "tensorboard" in declared  # torchreid's engine imports torch.utils.tensorboard


def _imports(file: Path) -> Iterator[str]:
    """Top-level names of the modules that a file imports absolutely when it is imported itself."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]
