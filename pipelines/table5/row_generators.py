"""The generators that rows of Table 5 ask for by name: which there are, which are free, what is wrong without one."""

from collections.abc import Sequence

from augment import AugmentError
from augment.artefacts.records import RunRecord, read_run
from augment.inference.generators import builtin_generator, make_generator, names_builtin
from augment.workspace import Workspace
from pipelines.table5.rows import ROWS, row_forms, row_of


def own_generator(workspace: Workspace) -> str:
    """The name of the workspace's only finished generator that is no row's own and was trained on all images.

    Args:
        workspace: the workspace.

    Raises:
        AugmentError: where there is none or more than one.
    """
    folder, found = workspace.generators_dir, _free_generators(workspace)
    if not found:
        there = ", ".join(_finished_generators(workspace))
        which = f"no generator trained on all images (there is {there})" if there else "no trained generator"
        raise AugmentError(
            f"{folder}: {which}; run `{make_generator(workspace.layout, workspace.seed)}`, or take ⟨rows⟩ by the "
            "built-in one, such as ours-builtin"
        )
    if len(found) > 1:
        raise AugmentError(f"{folder}: holds {', '.join(found)}; say which with ⟨generator⟩ NAME")
    return found[0]


def generator_of_ours(workspace: Workspace, rows: Sequence[str]) -> str | None:
    """The generator of Ours where rows name other generators of the workspace.

    Args:
        workspace: the workspace.
        rows: their names.

    Returns:
        The only one that no row names; None where that is not clear.
    """
    named = {row_of(name).generator for name in rows} - {None}
    found = [name for name in _free_generators(workspace) if name not in named]
    return found[0] if named and len(found) == 1 else None


def _free_generators(workspace: Workspace) -> list[str]:
    """The finished generators that are no row's own and were trained on all images, by name."""
    taken = {row.generator for row in ROWS.values()}
    return [
        name
        for name, run in _finished_generators(workspace).items()
        if name not in taken and run.options.get("portion") is None
    ]


def _finished_generators(workspace: Workspace) -> dict[str, RunRecord]:
    """The records of the workspace's finished generators, by name."""
    runs = {path.name: read_run(path) for path in sorted(workspace.generators_dir.glob("*")) if path.is_dir()}
    return {name: run for name, run in runs.items() if run is not None}


def require_generator(workspace: Workspace, name: str) -> None:
    """Refuse the name of a generator that is not there.

    Args:
        workspace: the workspace.
        name: the generator's.

    Raises:
        AugmentError: where there is no finished generator of that name, or no built-in one.
    """
    if names_builtin(name):
        builtin_generator(name)
    elif read_run(workspace.patn_dir(name)) is None:
        raise no_generator(workspace, name)


def no_generator(workspace: Workspace, name: str) -> AugmentError:
    """What is wrong with a row whose generator is not there: a misspelt row, or one not trained yet.

    Args:
        workspace: the workspace.
        name: the row's.
    """
    return AugmentError(f"{workspace.patn_dir(name)}: no finished generator of that name; rows are {row_forms()}")


def reduced_generator(own: str, portion: float, seed: int) -> str:
    """The name of the generator that is trained like `own` inside M^R_p alone.

    Args:
        own: name of the generator.
        portion: p in (0, 1].
        seed: of the random choices.
    """
    return f"{own}-p{portion}-s{seed}"
