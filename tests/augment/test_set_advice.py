"""What makes a generated set of a name, in a workspace without any, with some, and with one that was begun."""

import json
from pathlib import Path

import pytest

from augment.artefacts.records import PENDING, RUN
from augment.generation.advice import make_set, make_set_at
from augment.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, {"data": "data", "seed": 0})


def add(workspace: Workspace, *generators: str) -> None:
    """Put a file where each of those generators would have one."""
    for name in generators:
        workspace.patn_dir(name).mkdir(parents=True)
        workspace.generator_file(name).touch()


def begin(workspace: Workspace, name: str, **options: object) -> None:
    """Let a set be begun with options."""
    folder = workspace.generated_dir(name, 0.5, 0)
    folder.mkdir(parents=True)
    record = {"kind": "generated set", "seed": 0, "options": options, "inputs": {}}
    (folder / PENDING).write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ours", ""),
        ("ours*", " --target-poses reduced"),
        ("ours-random", " --target-poses reduced"),
        ("self", " --target-poses own"),
        ("ours-all", " --target-poses all"),
        ("ours-rare-k5", " --target-poses rare --per-identity 5"),
        ("ours-file", " --target-poses file --pose-file FILE"),
        ("ours-scenes", " --scenes"),
        ("ours-canonical-filtered", " --target-poses canonical --filter 0.2"),
        ("ours-k12-scenes-filtered", " --per-identity 12 --scenes --filter 0.2"),
        ("ours-reduced-data", " --generator-data reduced"),
    ],
)
def test_a_sets_name_says_the_options_that_give_it(workspace: Workspace, name: str, options: str) -> None:
    assert make_set(workspace, name, 0.5, 0) == f"run `augment generate --portion 0.5{options}`"


def test_seed_ratio_and_the_generator_to_choose_are_said_where_they_matter(workspace: Workspace) -> None:
    assert make_set(workspace, "ours", 1.0, 3, 2) == "run `augment --seed 3 generate --portion 1.0 --ratio 2`"
    add(workspace, "one")
    assert make_set(workspace, "ours", 0.5, 0) == "run `augment generate --portion 0.5`"
    add(workspace, "another")
    assert make_set(workspace, "ours", 0.5, 0) == "run `augment generate --portion 0.5 --generator another`"
    add(workspace, "patn")
    assert make_set(workspace, "ours", 0.5, 0) == "run `augment generate --portion 0.5 --generator patn`"


def test_a_set_named_as_a_generator_is_that_generators(workspace: Workspace) -> None:
    add(workspace, "mine", "other")
    assert make_set(workspace, "mine", 0.5, 0) == "run `augment generate --portion 0.5 --generator mine --name mine`"


def test_nothing_is_left_to_generate_at_portion_1(workspace: Workspace) -> None:
    assert make_set(workspace, "ours", 1.0, 0) == (
        "⟨portion⟩ 1.0 leaves nothing to generate; give ⟨ratio⟩ 2, or a smaller ⟨portion⟩"
    )
    assert make_set(workspace, "ours-k9", 1.0, 0) == "run `augment generate --portion 1.0 --per-identity 9`"


@pytest.mark.parametrize(("count", "more"), [(0, ""), (3, ""), (10, ""), (12, " and 2 more")])
def test_an_unknown_name_is_answered_with_ten_of_the_sets_there(workspace: Workspace, count: int, more: str) -> None:
    names = [f"set{number:02d}-p0.5-s0" for number in range(count)]
    for name in names:
        (workspace.sets_dir / name).mkdir(parents=True)
        (workspace.sets_dir / name / RUN).touch()
    assert make_set(workspace, "theirs", 0.5, 0) == (
        f"sets that are there: {', '.join(names[:10]) or 'none'}{more}; `augment generate --help` says what can be made"
    )


@pytest.mark.parametrize(
    ("name", "begun", "options"),
    [
        ("ours", {"target_poses": "removed", "missing": "fill"}, ""),
        ("ours", {"target_poses": "all"}, " --target-poses all --name ours"),
        ("ours-all", {"target_poses": "all", "missing": "drop"}, " --target-poses all --missing drop"),
        ("ours-scenes", {"scenes": True}, " --scenes"),
        ("ours-k4", {"per_identity": 4}, " --per-identity 4"),
        ("ours-file", {"target_poses": "file"}, " --target-poses file --pose-file FILE"),
        ("ours-filtered", {"filter": {"share": 0.3, "by": ["identity", "pose"]}}, " --filter 0.3"),
        ("mine", {"filter": {"share": 0.1, "by": ["pose"]}}, " --filter 0.1 --filter-by pose --name mine"),
    ],
)
def test_a_set_that_was_begun_goes_on_with_its_own_options(
    workspace: Workspace, name: str, begun: dict[str, object], options: str
) -> None:
    begin(workspace, name, **begun)
    assert make_set(workspace, name, 0.5, 0) == f"run `augment generate --portion 0.5{options}`"


@pytest.mark.parametrize(
    ("folder", "command"),
    [
        ("ours-p0.3-s0", "`augment generate --portion 0.3`"),
        ("self-k3-p0.25-s7", "`augment --seed 7 generate --portion 0.25 --target-poses own --per-identity 3`"),
        ("ours-scenes-p1.0-x3-s0", "`augment generate --portion 1.0 --ratio 3 --scenes`"),
    ],
)
def test_a_folders_name_says_portion_ratio_and_seed_too(workspace: Workspace, folder: str, command: str) -> None:
    assert make_set_at(workspace, folder) == f"run {command}"


def test_a_folder_of_another_name_is_answered_with_the_sets_there(workspace: Workspace) -> None:
    assert make_set_at(workspace, "photos").startswith("sets that are there: none; ")
