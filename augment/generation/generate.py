"""M^A_p: a complete Market-1501 folder of the kept real images and of generated ones in place of those taken away."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from augment.artefacts.artefact import Fingerprint, artefact, fingerprint
from augment.artefacts.files import write_csv
from augment.datasets.reduced_set import real_share
from augment.generation.augmented_set import AugmentedSet, Counts
from augment.generation.filtering import Judge, begin_again, filter_set
from augment.generation.integrity import data_inputs, refuse_altered, set_contents
from augment.generation.links import link_real
from augment.generation.manifest import MANIFEST, make_manifest, with_scores
from augment.generation.prepared_set import PreparedSet, SetRequest
from augment.inference.generators import recorded_place
from augment.inference.plan_images import Generation, generate_plan
from augment.runtime import Runtime
from reid.data.market1501 import FOLDERS


def generate(prepared: PreparedSet, runtime: Runtime) -> AugmentedSet:
    """Make M^A_p.

    A finished set is skipped, an interrupted one goes on, on a CPU to the same bytes.

    Args:
        prepared: as of `prepare_set`.
        runtime: device, number format, threads.

    Raises:
        AugmentError: for a folder made with other options, or changed afterwards.
    """
    from patn.checkpoints import read_metadata  # loads torch

    request, planned, folder = prepared.request, prepared.planned, prepared.folder
    options, inputs = _options(request, runtime), _inputs(prepared)
    if runtime.force:
        read_metadata(prepared.generator)  # what is there is not given up for a file that is no generator
    with artefact(
        folder,
        "generated",
        options,
        inputs=inputs,
        seed=request.seed,
        force=runtime.force,
        wait=runtime.wait,
        named=True,
    ) as run:
        if run.finished:
            made = run.recorded(AugmentedSet)
            refuse_altered(folder, made.contents)
            return made
        plan = _make(prepared, Generation(prepared.generator, inputs["generator"], runtime, planned.scenes))
        made = AugmentedSet(
            folder=str(folder.relative_to(planned.data.root)),
            place=runtime.place(),
            portion=request.portion,
            share=real_share(planned.data.images, request.portion),
            generator=recorded_place(prepared.generator, planned.data.root),
            contents=set_contents(folder),
            counts=Counts.count(plan, request.sampling, kept=len(planned.kept), real=len(planned.pools.pid_of)),
        )
        run.finish(made)
        return made


def _options(request: SetRequest, runtime: Runtime) -> dict[str, object]:
    """What a set's record says was asked for; a number format only where it is not the usual one."""
    filtering = None if request.filtering is None else asdict(request.filtering)
    options = {"portion": request.portion, **asdict(request.sampling), "filter": filtering}
    return {**options, "precision": runtime.precision} if runtime.generates_bf16 else options


def _inputs(prepared: PreparedSet) -> dict[str, Fingerprint]:
    """Fingerprints of all that a set is made from, by name."""
    inputs = {"generator": fingerprint(prepared.generator), **data_inputs(prepared.planned.data)}
    files = {"poses": prepared.request.pose_file, "judge": prepared.judge}
    inputs |= {name: fingerprint(path) for name, path in files.items() if path is not None}
    return inputs if prepared.request.filtering is None else inputs | prepared.request.filtering.inputs


def _make(prepared: PreparedSet, generation: Generation) -> pd.DataFrame:
    """Link real images, generate the others, replace the worst, list all; returns the plan of what is there."""
    planned, folder, filtering = prepared.planned, prepared.folder, prepared.request.filtering
    link_real(planned.data, planned.kept, folder)
    if filtering is not None:
        begin_again(planned.plan, folder)
    generate_plan(planned.data, planned.plan, folder / FOLDERS["train"], generation, planned.poses)
    plan = planned.plan
    if filtering is not None:
        judge = Judge(planned, filtering, prepared.judge, generation.runtime)
        plan = filter_set(planned, filtering, judge, folder, generation)
    manifest = make_manifest(plan, planned.kept, generation.mark)
    write_csv(with_scores(manifest, folder, planned.data.size), folder / MANIFEST)
    return plan
