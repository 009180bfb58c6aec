"""`augment study`."""

from __future__ import annotations

from typing import Any

import click

from augment.cli import emit, pass_workspace, runtime, seed_or
from augment.commands.idle import refuse_idle, unless
from augment.options import NAME, Finite
from augment.study.pictures import Study, make_study
from augment.study.server import build_app, open_socket, require_packages, web_server
from augment.workspace import Workspace


@click.command(short_help="The paper's user study as a page on this machine.")
@click.option(
    "--generator",
    metavar="NAME|PATH",
    help="Generates the images of test pairs: a generator below patn/, or a file.  [default: the only one]",
)
@click.option(
    "--generated-set", metavar="NAME|FOLDER", help="Takes real and generated images of a set below generated/ instead."
)
@click.option("--name", type=NAME, help="Folder below study/.  [default: the generator's or the set's]")
@click.option(
    "--images",
    type=click.IntRange(1),
    default=55,
    show_default=True,
    metavar="N",
    help="Real images, and as many generated ones, that a volunteer sees.",
)
@click.option(
    "--practice",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    metavar="N",
    help="Pictures at the beginning that do not count.",
)
@click.option(
    "--pool",
    type=click.IntRange(1),
    default=220,
    show_default=True,
    metavar="N",
    help="Images of each kind that a volunteer's are sampled from, at most.",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 95),
    default=75,
    show_default=True,
    help="JPEG quality of all pictures, real and generated.",
)
@click.option("--zoom", type=Finite(0.5, 20), default=3.0, show_default=True, help="Screen pixels per picture pixel.")
@click.option("--port", type=click.IntRange(0, 65535), default=8110, show_default=True, help="0 takes any free one.")
@click.option("--no-serve", is_flag=True, help="Make the pictures and stop.")
@click.option("--force", is_flag=True, help="Make the pictures again; refused once there are answers.")
@pass_workspace
def command(
    workspace: Workspace,
    generator: str | None,
    generated_set: str | None,
    name: str | None,
    zoom: float,
    port: int,
    no_serve: bool,
    force: bool,
    **numbers: Any,
) -> None:
    """Show volunteers real and generated images for one second each and keep their answers, for `augment table3`.

    The page is served to this machine alone, to any number of volunteers at a time, until Ctrl-C. Pictures have no
    name and no metadata, and all are JPEGs of one quality. Answers are kept as they come in
    study/NAME/answers.sqlite; a page that is loaded again goes on where it was.

    \b
    Example:
      augment study --images 4 --practice 2 --no-serve
    """
    shown = unless(not no_serve, "with --no-serve: nothing is shown")
    refuse_idle({"zoom": shown, "port": shown})
    if not no_serve:
        require_packages()  # told before anything is generated
    study = Study(**numbers)
    folder = make_study(
        workspace,
        study,
        generator=generator,
        generated_set=generated_set,
        name=name,
        seed=seed_or(workspace.seed),
        runtime=runtime(force),
    )
    place = str(folder.relative_to(workspace.root))
    if no_serve:
        emit({"study": place, "url": None}, f"{place}: pictures are made; leave --no-serve out to show them")
        return
    app, listener = build_app(folder, zoom), open_socket(port)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    emit({"study": place, "url": url}, f"{place}: {url} (Ctrl-C ends; answers are kept)")
    web_server(app).run(sockets=[listener])
