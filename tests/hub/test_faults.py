"""Every fault of the connection to the Hub: what is asked again, what a person is told, and that a rerun is enough."""

import re
import resource
from pathlib import Path

import pytest
from documents import ROOT
from hub_server import Fault
from made import make_dataset
from scored import run_in

from tastetune.artifacts.dataset import open_dataset
from tastetune.errors import InputError

FILES = 11  # three tables of interactions, one of items, four of rows; tastetune.json, README.md, eval.yaml


@pytest.fixture
def dataset(tmp_path) -> Path:
    folder = make_dataset(tmp_path / "made", n_users=12)
    (folder / "eval.yaml").write_text("name: made\n")
    return folder


@pytest.fixture
def push(near_hub, dataset, monkeypatch, capsys):
    """Push the dataset by the script: its status, and what it says of the result."""

    def pushed(*faults: Fault) -> tuple[int, str]:
        near_hub.faults[:] = faults
        status, out, err = run_in(ROOT, monkeypatch, capsys, "push.py", dataset, "org/made")
        return status, err.strip().splitlines()[-1] if status else out.strip().splitlines()[-1]

    return pushed


REQUESTS = {
    "whoami": ("GET", "/api/whoami-v2"),
    "is it there": ("GET", "/api/datasets/org/made$"),
    "make it": ("POST", "/api/repos/create"),
    "what is there": ("GET", "/api/datasets/org/made/tree"),
    "how to send": ("POST", "/preupload/"),
    "where to send": ("POST", "/objects/batch"),
    "send a file": ("PUT", "/lfs/"),
    "commit": ("POST", "/commit/"),
}


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS)
def test_what_passes_is_waited_for(push, near_hub, request_of):
    """A fault of the Hub, a cut connection and a limit of requests, one after the other, at each request of a push."""
    wait = {"Retry-After": "7"}
    faults = [Fault(*request_of, 500), Fault(*request_of), Fault(*request_of, 429, headers=wait)]
    status, said = push(*faults)
    assert (status, said.startswith(f"{FILES} files are at {near_hub.url}/datasets/org/made")) == (0, True)
    assert [fault.times for fault in faults] == [0, 0, 0]
    assert {1, 2} <= {*near_hub.waits} or request_of == REQUESTS[
        "send a file"
    ]  # of several files each waits for itself
    assert {7, 8} & {*near_hub.waits}, "as long as the Hub says; huggingface_hub adds a second"
    assert len(near_hub.files("dataset", "org/made")) == FILES


def told(status: int) -> str:
    return {
        401: "does not know the token; run `hf auth login` or set HF_TOKEN to a valid one",
        403: "forbids it to this token; use one with write access to that account or organisation",
        409: "has changed on http.* meanwhile, perhaps by another push; run the same command again",
        429: "gets too many requests from here; wait a few minutes, then run the same command again",
        500: "has a fault of its own .*; wait a while, then run the same command again",
        0: "the connection to http.* broke off .*; check the network, then run the same command again",
    }[status]


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500, 0])
@pytest.mark.parametrize("name", ["send a file", "commit"])
def test_what_stays_is_one_message_and_the_repository_claims_nothing(push, near_hub, name, status):
    """Cut after the files went, or in the middle of them: no card is there yet, for it comes with the same commit."""
    method, path = REQUESTS[name]
    status_of_script, said = push(Fault(method, path, status, times=99))
    assert status_of_script == 1
    assert re.search(rf"^error: dataset 'org/made': .*{told(status)}", said)
    assert near_hub.files("dataset", "org/made") == {}
    assert max(near_hub.waits, default=0) <= 8
    # The same command sends what is missing, and no more
    there = set(near_hub.objects)
    near_hub.requests.clear()
    assert push()[0] == 0
    sent = {path.removeprefix("/lfs/") for method, path in near_hub.requests if method == "PUT"}
    assert sent == set(near_hub.objects) - there
    assert sent or name == "commit"
    assert len(near_hub.files("dataset", "org/made")) == FILES


def test_a_commit_whose_answer_is_lost_is_not_made_twice(push, near_hub):
    status, said = push(Fault("POST", "/commit/", is_done=True))
    repository = near_hub.repositories["dataset", "org/made"]
    assert (status, said.split()[-1]) == (0, repository.refs["main"])
    assert len(repository.commits) == 2  # the Hub's own, and the push


def test_the_same_build_makes_no_commit_and_the_same_revision_is_named(push, near_hub, dataset):
    first = push()
    commits = dict(near_hub.repositories["dataset", "org/made"].commits)
    assert push() == first
    assert near_hub.repositories["dataset", "org/made"].commits == commits
    (dataset / "notes.md").write_text("one file more")
    near_hub.requests.clear()
    assert push() != first
    assert not [path for method, path in near_hub.requests if method == "PUT"]


def test_a_push_that_comes_in_between_is_not_mixed_with(push, near_hub):
    """Which files are stale was read before: so the commit names what it was read from, and the Hub refuses."""
    push()
    repository = near_hub.repositories["dataset", "org/made"]
    theirs = {"README.md": b"theirs"}

    class Between(Fault):
        def hits(self, method, path):
            if method == "POST" and "/commit/" in path:
                repository.commit("main", theirs)
            return False

    repository.commit("main", {})
    status, said = push(Between("", ""))
    assert (status, "has changed on" in said) == (1, True)
    assert near_hub.files("dataset", "org/made") == theirs


@pytest.mark.parametrize("path", ["/api/datasets/org/made/revision/main", "/resolve/.*/like_dislike/train.parquet"])
def test_a_download_goes_on_after_what_passes(push, near_hub, dataset, path):
    push()
    near_hub.faults += [Fault("GET", path, 429, headers={"Retry-After": "7"}), Fault("GET", path)]
    assert open_dataset("org/made").info == open_dataset(dataset).info
    assert sum(near_hub.waits) >= 8


def test_a_download_that_is_cut_goes_on_where_it_was(push, near_hub, dataset):
    push()
    near_hub.faults.append(Fault("GET", "/resolve/.*/like_dislike/train.parquet", after=100))
    opened = open_dataset("org/made").read("like_dislike", "train")
    assert opened.equals(open_dataset(dataset).read("like_dislike", "train"))


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (500, "has a fault of its own .*; wait a while, then run the same command again"),
        (429, "gets too many requests from here"),
        (401, "does not know the token"),
        (403, "forbids it to this token"),
        (0, "the connection to http.* broke off"),
    ],
)
def test_a_download_that_fails_is_one_message(push, near_hub, status, message):
    push()
    near_hub.faults.append(Fault("GET", "/api/datasets/org/made/revision/main", status, times=99))
    with pytest.raises(InputError, match=rf"^dataset 'org/made': .*{message}") as refused:
        open_dataset("org/made")
    assert "\n" not in str(refused.value)


def test_a_revision_that_is_gone_and_a_gate_are_told_apart(push, near_hub):
    push()
    with pytest.raises(InputError, match=r"at revision 'v9': .* has no such branch, tag or commit; check the revision"):
        open_dataset("org/made", "v9")
    near_hub.repositories["dataset", "org/made"].gated = True
    with pytest.raises(InputError, match=r"'org/made': gated; ask for access on its page .*, then `hf auth login`"):
        open_dataset("org/made")


def test_a_disk_that_takes_no_more_is_named(push, near_hub):
    """No file may grow beyond 1,000 bytes."""
    push()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(
            InputError, match=r"the disk takes no more \(.*\); free some space, or set HF_HOME .* run the"
        ):
            open_dataset("org/made")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert open_dataset("org/made").name == "made"
