import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from augment.artefacts.records import read_run
from augment.study.answers import Answers
from augment.study.server import build_app, open_socket, web_server
from augment.workspace import Workspace
from tests.conftest import invoke, run

NUMBERS = ("--images", "6", "--practice", "3", "--pool", "8")


@pytest.fixture
def study(people: Path, trained: Path) -> Path:
    """A study of 6 real and 6 generated images, drawn from 8 of each."""
    return Path(people, run(people, "study", "--generator", str(trained), "--no-serve", *NUMBERS)["study"])


@pytest.fixture
def url(study: Path) -> Iterator[str]:
    """The study's page, served by a thread of the test."""
    listener = open_socket(0)
    server = web_server(build_app(study))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


def fetch(address: str, said: Any = None, host: str | None = None) -> Any:
    """The reply to a GET, or to a POST of JSON."""
    body = None if said is None else json.dumps(said).encode()
    headers = {} if host is None else {"Host": host}
    return urllib.request.urlopen(urllib.request.Request(address, body, headers))


def begin(url: str) -> str:
    """A new volunteer's token."""
    return str(fetch(f"{url}/volunteers", {}).url.rpartition("/")[2])


def state(url: str, token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.load(fetch(f"{url}/api/{token}"))
    return found


def take_part(url: str, answer_of: Callable[[int], str]) -> str:
    """Answer all of a new volunteer's pictures; returns the token."""
    token = begin(url)
    where = state(url, token)
    while where["now"]:
        note = {"id": where["now"]["id"], "what": answer_of(where["done"]), "ms": 700}
        where = json.load(fetch(f"{url}/api/{token}", note))
    return token


def test_pictures_are_of_one_kind_of_file_whatever_they_show(people: Path, study: Path) -> None:
    table = pd.read_csv(study / "pictures.csv")
    assert table["kind"].value_counts().to_dict() == {"real": 8, "generated": 8}
    facts = set()
    for file in table["file"]:
        with Image.open(study / file) as image:
            assert isinstance(image, JpegImageFile)
            assert not image.getexif()
            tables = tuple(tuple(values) for values in image.quantization.values())
            facts.add((image.format, image.size, image.mode, tuple(sorted(image.info)), tables, image.layers))
    assert len(facts) == 1
    real = table[table["kind"] == "real"]
    source = Workspace.find(people).data / "bounding_box_test" / real["name"].iloc[0]
    photograph, shown = (
        np.asarray(Image.open(path).convert("RGB"), float) for path in (source, study / real["file"].iloc[0])
    )
    assert np.abs(shown - photograph).mean() < 12


def test_no_generated_picture_imitates_a_real_one_of_the_study(study: Path) -> None:
    table = pd.read_csv(study / "pictures.csv")
    real = set(table.loc[table["kind"] == "real", "name"])
    imitated = {name.split(" as ")[1] for name in table.loc[table["kind"] == "generated", "name"]}
    assert real.isdisjoint(imitated)


def test_a_generated_set_gives_its_own_images(people: Path, trained: Path) -> None:
    made = run(people, "generate", "--portion", "0.5", "--generator", str(trained))
    given = people / made["folder"]
    folder = people / run(people, "study", "--generated-set", given.name, "--no-serve", *NUMBERS)["study"]
    assert folder.name == given.name
    manifest = pd.read_csv(given / "manifest.csv").set_index("name")["kind"]
    table = pd.read_csv(folder / "pictures.csv")
    assert (manifest[table["name"]].to_numpy() == table["kind"].to_numpy()).all()


def test_every_volunteer_gets_a_shuffle_of_their_own_with_half_of_each_kind(study: Path) -> None:
    answers, pictures = Answers(study), pd.read_csv(study / "pictures.csv", dtype=str)
    for _ in range(3):
        answers.add_volunteer(pictures, images=6, practice=3, seed=0)
    table = answers.judgements()
    orders = table.groupby("volunteer")["file"].agg(tuple)
    assert len(set(orders)) == 3
    for _, own in table.groupby("volunteer"):
        assert own["kind"].value_counts().to_dict() == {"real": 6, "generated": 6}
        assert own["file"].is_unique
        assert own["practice"].tolist() == [True] * 3 + [False] * 9
        assert own["kind"].tolist() != sorted(own["kind"])
    again = Answers(study.parent)
    again.add_volunteer(pictures, images=6, practice=3, seed=0)
    assert tuple(again.judgements()["file"]) == orders[1]  # a function of seed and number


def test_answers_are_on_disk_as_soon_as_they_are_given_and_the_first_one_stays(study: Path, url: str) -> None:
    token = begin(url)
    where = state(url, token)
    assert (where["done"], where["total"], where["practice"]) == (0, 12, 3)
    first = where["now"]["id"]
    fetch(f"{url}/api/{token}", {"id": first, "what": "begun"})
    fetch(f"{url}/api/{token}", {"id": first, "what": "shown", "ms": 1000.5})
    after = json.load(fetch(f"{url}/api/{token}", {"id": first, "what": "real", "ms": 640}))
    assert after["done"] == 1
    assert after["now"] == where["next"]
    fetch(f"{url}/api/{token}", {"id": first, "what": "generated", "ms": 9})
    row = Answers(study).judgements().iloc[0]
    assert (row["answer"], row["answer_ms"], row["shown_ms"]) == ("real", 640, 1000.5)
    assert Answers(study).judgements()["answer"].notna().sum() == 1


def test_many_volunteers_at_a_time_lose_nothing(study: Path, url: str) -> None:
    def volunteer(number: int) -> str:
        return take_part(url, lambda done: "real" if (done + number) % 3 else "generated")

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(volunteer, range(8)))
    table = Answers(study).judgements()
    assert len(set(tokens)) == 8
    assert table["volunteer"].nunique() == 8
    assert table["answer"].notna().all()
    given = {tuple(own["answer"]) for _, own in table.groupby("volunteer")}
    assert given == {tuple("real" if (i + n) % 3 else "generated" for i in range(12)) for n in range(3)}


def test_a_picture_is_handed_out_before_it_was_shown_and_never_after(url: str) -> None:
    token = begin(url)
    first = state(url, token)["now"]["id"]
    reply = fetch(f"{url}/i/{first}")
    assert reply.headers["Content-Type"] == "image/jpeg"
    assert not {"etag", "last-modified", "content-disposition", "server"} & {name.lower() for name in reply.headers}
    fetch(f"{url}/api/{token}", {"id": first, "what": "begun"})
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(f"{url}/i/{first}")
    assert state(url, token)["now"] == {"id": first, "seen": True}


def test_another_volunteers_picture_cannot_be_answered(study: Path, url: str) -> None:
    mine, theirs = begin(url), begin(url)
    fetch(f"{url}/api/{mine}", {"id": state(url, theirs)["now"]["id"], "what": "real", "ms": 5})
    assert Answers(study).judgements()["answer"].isna().all()


@pytest.mark.parametrize(
    "said",
    [
        [],
        "x",
        {"id": 3, "what": "real"},
        {"id": "a", "what": "maybe"},
        {"id": "a", "what": "shown", "ms": -1},
        {"id": "a", "what": "shown", "ms": "1"},
        {"id": "a", "what": "shown", "ms": float("inf")},
    ],
)
def test_what_the_page_cannot_have_said_is_refused(url: str, said: object) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fetch(f"{url}/api/{begin(url)}", said)


def test_requests_under_another_name_of_this_machine_are_refused(url: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fetch(f"{url}/", host="evil.example")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(f"{url}/api/nobody")


def test_a_study_with_answers_is_not_made_again(people: Path, trained: Path, study: Path) -> None:
    command = ("study", "--generator", str(trained), "--no-serve", "--images", "5", "--practice", "2", "--pool", "6")
    refused = invoke(people, *command)
    assert refused.exit_code == 1
    assert "images 6, not 5" in refused.stderr
    assert run(people, *command, "--force")["study"]
    record = read_run(study)
    assert record
    assert record.result["real"] == 6
    pictures = pd.read_csv(study / "pictures.csv", dtype=str)
    Answers(study).add_volunteer(pictures, images=5, practice=2, seed=0)
    refused = invoke(people, *command, "--force")
    assert refused.exit_code == 1
    assert "answers of 1 volunteer;" in refused.stderr


def test_too_few_images_are_told_with_the_number_that_would_do(people: Path, trained: Path) -> None:
    refused = invoke(people, "study", "--generator", str(trained), "--no-serve")
    assert refused.exit_code == 1
    assert "55 of each" in refused.stderr
    assert "--images 10 or fewer" in refused.stderr  # half of the 20 test images with a pair


def test_a_taken_port_is_told(people: Path, trained: Path, study: Path) -> None:
    with open_socket(0) as listener:
        port = str(listener.getsockname()[1])
        refused = invoke(people, "study", "--generator", str(trained), "--port", port, *NUMBERS)
    assert refused.exit_code == 1
    assert f"--port {port}: cannot be used" in refused.stderr


def test_without_the_packages_the_extra_is_named(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.study.server.find_spec", lambda name: None)
    refused = invoke(people, "study")
    assert refused.exit_code == 1
    assert "augment-reid[study]" in refused.stderr
