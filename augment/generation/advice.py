"""The commands that messages advise: typed as they stand, they make what is missing under the name that is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from augment.artefacts.records import read_pending
from augment.generation.plan import Sampling, TargetPoses
from augment.inference.generators import seeded
from augment.workspace import Workspace, slug

SET_NAMES: dict[str, str] = {
    TargetPoses.REMOVED: "ours",
    TargetPoses.REDUCED: "ours*",
    TargetPoses.ALL: "ours-all",
    TargetPoses.OWN: "self",
    TargetPoses.CANONICAL: "ours-canonical",
    TargetPoses.RARE: "ours-rare",
    TargetPoses.FILE: "ours-file",
}
USUAL_FILTER = 0.2
SHOWN = 10
_SET = re.compile(
    r"(?P<poses>.+?)(?:-k(?P<count>\d+))?(?P<scenes>-scenes)?(?P<filtered>-filtered)?(?P<reduced>-reduced-data)?"
)
_PLACE = re.compile(r"(?P<name>.+)-p(?P<portion>\d+(?:\.\d+)?(?:e-\d+)?)(?:-x(?P<ratio>\d))?-s(?P<seed>\d+)")


def make_set(workspace: Workspace, name: str, portion: float, seed: int, ratio: int = 1) -> str:
    """What makes the generated set of a name, as half a sentence.

    The sets that are there, and what makes this one: how it was begun if it was, else its name says it.

    Args:
        workspace: the workspace.
        name: the set's.
        portion: p in (0, 1].
        seed: of split and plan.
        ratio: of the augmented set to the full one.
    """
    named = _options_of_name(name)
    if portion == 1 and ratio == 1 and named is not None and "--per-identity" not in named:
        return "⟨portion⟩ 1.0 leaves nothing to generate; give ⟨ratio⟩ 2, or a smaller ⟨portion⟩"
    folder = workspace.generated_dir(name, portion, seed, ratio)
    begun = read_pending(folder)
    options = _options_begun(name, begun.options) if begun else named
    if options is None and workspace.generator_file(name).is_file():
        options = f" --generator {name} --name {name}"
    found = [folder.name for folder in workspace.generated_sets()]
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    there = f"sets that are there: {', '.join(found[:SHOWN]) or 'none'}{more}"
    if options is None:
        return f"{there}; `augment generate --help` says what can be made"
    ratios = f" --ratio {ratio}" if ratio > 1 else ""
    generator = "" if "--generator" in options else _which_generator(workspace.generators())
    command = f"`{seeded(seed, workspace.seed)} generate --portion {portion}{ratios}{options}{generator}`"
    return f"{there}; to make this one, run {command}" if found else f"run {command}"


def make_set_at(workspace: Workspace, folder: str) -> str:
    """`make_set` for a folder's name below generated/, such as `ours-p0.3-s0`.

    Args:
        workspace: the workspace.
        folder: below generated/, such as `ours-p0.3-s0`.
    """
    found = _PLACE.fullmatch(folder)
    if found is None:
        return make_set(workspace, folder, 0.0, workspace.seed)
    return make_set(workspace, found["name"], float(found["portion"]), int(found["seed"]), int(found["ratio"] or 1))


def _options_of_name(name: str) -> str | None:
    """The options of `augment generate` that give a set its name; None for a name that is no such one."""
    found = _SET.fullmatch(name)
    poses = {slug(title): poses for poses, title in SET_NAMES.items()}.get(slug(found["poses"]) if found else "")
    if found is None or poses is None:
        return None
    return "".join(
        [
            "" if poses == TargetPoses.REMOVED else f" --target-poses {poses}",
            " --pose-file FILE" if poses == TargetPoses.FILE else "",
            f" --per-identity {found['count']}" if found["count"] else "",
            " --scenes" if found["scenes"] else "",
            f" --filter {USUAL_FILTER}" if found["filtered"] else "",
            " --generator-data reduced" if found["reduced"] else "",
        ]
    )


def _options_begun(name: str, options: Mapping[str, Any]) -> str:
    """The options with which an unfinished set was begun."""
    names = [field.name for field in fields(Sampling) if field.name != "ratio"]
    usual = Sampling()
    given = {name: options[name] for name in names if options.get(name, getattr(usual, name)) != getattr(usual, name)}
    options_given = (
        f" --{name.replace('_', '-')}{'' if value is True else f' {value}'}" for name, value in given.items()
    )
    text = "".join(options_given)
    text += " --pose-file FILE" if given.get("target_poses") == TargetPoses.FILE else ""
    filtering = options.get("filter")
    if filtering:
        text += f" --filter {filtering['share']}"
        text += f" --filter-by {filtering['by'][0]}" if len(filtering["by"]) == 1 else ""
    return f"{text} --name {name}" if slug(name) != slug(_name_of(given, filtering)) else text


def _name_of(given: Mapping[str, Any], filtering: object) -> str:
    count = given.get("per_identity")
    name = SET_NAMES[str(given.get("target_poses", TargetPoses.REMOVED))] + (f"-k{count}" if count else "")
    name += "-scenes" if given.get("scenes") else ""
    return f"{name}-filtered" if filtering else name


def _which_generator(found: Sequence[Path]) -> str:
    """The option that names a generator where there are several; nothing where one is the only one."""
    names = [path.parent.name for path in found]
    if len(names) < 2:
        return ""
    return f" --generator {'patn' if 'patn' in names else names[0]}"
