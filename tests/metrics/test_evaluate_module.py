"""metrics/like_dislike as a Hugging Face `evaluate` module, from a checkout and from the Hub."""

import functools
import json
import os
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from warm import python

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "metrics" / "like_dislike"


@pytest.fixture(scope="module")
def metric(tmp_path_factory):
    import evaluate

    cache = tmp_path_factory.mktemp("cache")
    return evaluate.load(str(MODULE), cache_dir=str(cache), dynamic_modules_path=None)


def test_by_hand(metric):
    found = metric.compute(predictions=[0.9, 0.4, 0.7], references=[1, 0, 0])
    assert found["roc_auc"] == 1.0
    assert found["precision"] == 0.5  # 0.9 and 0.7 are a Yes, one of them liked
    assert found["brier"] == pytest.approx((0.01 + 0.16 + 0.49) / 3)
    assert (found["rmse"], found["uauc"]) == (None, None)


def test_users_and_stars(metric):
    found = metric.compute(
        predictions=[4.5, 2.0, 4.1, 1.0],
        references=[1, 0, 0, 1],
        threshold=4.0,
        users=["a", "a", "b", "b"],
        ratings=[5.0, 1.0, 3.0, 4.0],
    )
    assert found["uauc"] == 0.5  # user a is ordered rightly, user b the wrong way round
    assert found["mae"] == pytest.approx((0.5 + 1.0 + 1.1 + 3.0) / 4)
    assert found["log_loss"] is None


def test_batches_and_one_class(metric):
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 50), rng.random(50)
    for at in range(0, 50, 10):
        metric.add_batch(predictions=scores[at : at + 10], references=labels[at : at + 10])
    assert metric.compute()["roc_auc"] == pytest.approx(roc_auc_score(labels, scores))
    assert metric.compute(predictions=[0.1, 0.2], references=[1, 1])["roc_auc"] is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"predictions": [0.1], "references": [2]}, "0 .dislike. or 1"),
        ({"predictions": [float("nan")], "references": [1]}, "finite"),
        ({"predictions": [0.1], "references": [1], "users": ["a", "b"]}, "2 users for 1 rows"),
    ],
)
def test_bad_input(metric, given, message):
    with pytest.raises(ValueError, match=message):
        metric.compute(**given)


def test_combined_with_another_and_saved(metric, tmp_path):
    import evaluate

    both = evaluate.combine([metric])
    found = both.compute(predictions=[0.9, 0.4, 0.7], references=[1, 0, 0])
    saved = evaluate.save(tmp_path, **found)
    assert json.loads(Path(saved).read_text())["roc_auc"] == 1.0


@pytest.fixture
def hub(tmp_path):
    """Serves the module's folder as the Hub serves the Space me/like_dislike, and counts what is asked."""
    shutil.copytree(MODULE, tmp_path / "spaces" / "me" / "like_dislike" / "resolve" / "main")
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_from_the_hub(hub, tmp_path):
    url, asked = hub
    code = (
        "import evaluate; metric = evaluate.load('me/like_dislike');"
        "print(metric.compute(predictions=[0.9, 0.4, 0.7], references=[1, 0, 0])['roc_auc'])"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_") and "proxy" not in k.lower()}
    environment |= {"HF_ENDPOINT": url, "HF_HOME": str(tmp_path / "home"), "HF_UPDATE_DOWNLOAD_COUNTS": "0"}
    done = python("-c", code, env=environment, cwd=tmp_path, timeout=120)
    assert done.stdout.strip() == "1.0", done.stderr
    assert "/spaces/me/like_dislike/resolve/main/like_dislike.py" in asked
