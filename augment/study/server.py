"""The study's page, served to this machine alone: what a volunteer sees, and where the answers arrive."""

from __future__ import annotations

import math
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import pandas as pd

from augment import AugmentError
from augment.artefacts.records import read_run
from augment.study.answers import KINDS, Answers
from augment.study.pictures import PICTURES

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from uvicorn import Server

LOOPBACK = "127.0.0.1"
EXPOSURE = 1000
"""Milliseconds that a picture is shown."""
_PAGE = Path(__file__).parent / "page"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src blob:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def require_packages() -> None:
    """Refuse to go on where a package that serves the page is missing.

    Raises:
        AugmentError: naming it.
    """
    if any(find_spec(name) is None for name in ("starlette", "uvicorn")):
        raise AugmentError("the study's page needs starlette and uvicorn; run `pip install augment-reid[study]`")


def build_app(folder: Path, zoom: float = 3.0) -> Starlette:
    """The web application of a study's folder.

    It hands out pictures under random ids of one volunteer and one use, and never their kind or name.

    Args:
        folder: the study's.
        zoom: screen pixels (CSS) a picture pixel.

    Raises:
        AugmentError: where a package is missing or the study is not finished.
    """
    require_packages()
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    desk = _Desk(folder, zoom)
    routes = [
        Route("/", desk.welcome),
        Route("/volunteers", desk.begin, methods=["POST"]),
        Route("/s/{token}", desk.trial),
        Route("/api/{token}", desk.state),
        Route("/api/{token}", desk.note, methods=["POST"]),
        Route("/i/{trial}", desk.picture),
        Mount("/page", StaticFiles(directory=_PAGE)),
    ]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])  # no other site's scripts
    return Starlette(routes=routes, middleware=[hosts])


class _Desk:
    """Answers the requests for one study; endpoints run in threads."""

    def __init__(self, folder: Path, zoom: float) -> None:
        run = read_run(folder)
        if run is None:
            raise AugmentError(f"{folder}: no finished study; run `augment study --name {folder.name}`")
        self.folder, self.answers = folder, Answers(folder)
        self.pictures = pd.read_csv(folder / PICTURES, dtype=str)
        self.options, self.seed = run.options, run.seed or 0
        height, width = run.result["size"]
        self.screen = {"height": round(height * zoom), "width": round(width * zoom), "exposure": EXPOSURE}

    def welcome(self, _: Request) -> Response:
        """The rules, and a button that begins."""
        numbers = {"total": 2 * self.options["images"], "practice": self.options["practice"]}
        return self._page("welcome.html", numbers)

    def begin(self, _: Request) -> Response:
        """A new volunteer, sent to a page of their own."""
        from starlette.responses import RedirectResponse

        token = self.answers.add_volunteer(self.pictures, self.options["images"], self.options["practice"], self.seed)
        return RedirectResponse(f"/s/{token}", 303, _HEADERS)

    def trial(self, _: Request) -> Response:
        """The page of a volunteer: the same for all of them."""
        return self._page("trial.html", {})

    def state(self, request: Request) -> Response:
        """Where the volunteer stands."""
        return self._state(request.path_params["token"])

    async def note(self, request: Request) -> Response:
        """Keep what the page says of a picture: begun, shown for so long, or answered."""
        from starlette.concurrency import run_in_threadpool

        try:
            said = await request.json()
        except ValueError:
            said = None
        return await run_in_threadpool(self._note, request.path_params["token"], said)

    def _note(self, token: str, said: object) -> Response:
        from starlette.responses import JSONResponse

        note = _Note.read(said)
        if note is None:
            return JSONResponse({"error": "not a note of the study's page"}, 400, _HEADERS)
        if note.what == "begun":
            self.answers.begin(token, note.trial)
        elif note.what == "shown":
            self.answers.shown(token, note.trial, note.milliseconds)
        else:
            self.answers.answer(token, note.trial, note.what, note.milliseconds)
        return self._state(token)

    def picture(self, request: Request) -> Response:
        """A picture that has not been shown yet, by its id."""
        from starlette.responses import Response

        file = self.answers.picture(request.path_params["trial"])
        if file is None:
            return Response("no picture to be shown", 404, _HEADERS, "text/plain")
        return Response((self.folder / file).read_bytes(), 200, _HEADERS, "image/jpeg")

    def _state(self, token: str) -> Response:
        from starlette.responses import JSONResponse

        progress = self.answers.progress(token)
        if progress is None:
            return JSONResponse({"error": "this address is of no volunteer"}, 404, _HEADERS)
        return JSONResponse({**asdict(progress), **self.screen}, headers=_HEADERS)

    def _page(self, name: str, values: Mapping[str, object]) -> Response:
        from starlette.responses import HTMLResponse

        frame, main = (Template((_PAGE / file).read_text(encoding="utf-8")) for file in ("frame.html", name))
        return HTMLResponse(frame.substitute(main=main.substitute(values)), headers=_HEADERS)


@dataclass(frozen=True)
class _Note:
    """What the page says of a picture: `begun`, `shown` or an answer, and after how many milliseconds."""

    trial: str
    what: str
    milliseconds: float

    @classmethod
    def read(cls, said: object) -> _Note | None:
        """The note that a JSON value holds; None where the page cannot have said that."""
        if not isinstance(said, dict) or not isinstance(said.get("id"), str):
            return None
        what, milliseconds = said.get("what"), said.get("ms", 0)
        number = isinstance(milliseconds, (int, float)) and math.isfinite(milliseconds) and 0 <= milliseconds < 1e9
        return cls(said["id"], what, milliseconds) if number and what in ("begun", "shown", *KINDS) else None


def open_socket(port: int) -> socket.socket:
    """A listening socket of this machine's loopback address.

    Args:
        port: 0 takes any free one.

    Raises:
        AugmentError: where the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(128)  # from now on: who opens the page before uvicorn runs waits for it
    except OSError as error:
        listener.close()
        raise AugmentError(f"⟨port⟩ {port}: cannot be used ({error.strerror}); give another, or 0 for any") from error
    return listener


def web_server(app: Starlette) -> Server:
    """The server that runs an application: quiet, and without a header that names it.

    Args:
        app: the study's.
    """
    import uvicorn

    config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=2)
    return uvicorn.Server(config)
