"""What the figures of a report mean."""

import re

from tastetune.metrics import LIKE_DISLIKE, LISTS
from tastetune.reporting.glossary import LEAKS, definition


def test_every_metric_has_a_definition_and_a_source():
    for name in LIKE_DISLIKE | LISTS:
        about = definition(name)
        assert len(about["definition"]) > 15, name
        of_lines = about["function"].startswith("tastetune.metrics.lines.")  # counts, which nobody published
        assert of_lines or re.search(r"\d{4}", about["source"]), name
        assert about["function"].startswith("tastetune.metrics.")


def test_a_definition_is_the_functions_own():
    about = definition("roc_auc")
    assert (
        about["definition"]
        == "The chance that a random like is scored above a random dislike, ties counting half; in 0..1."
    )
    assert about["source"].startswith("Hanley and McNeil")
    assert about["function"] == "tastetune.metrics.roc_auc.roc_auc"
    assert definition("ndcg@5")["function"] == "tastetune.metrics.ranking.ndcg"


def test_every_leak_that_is_counted_has_its_words(tmp_path):
    from made import make_dataset

    from tastetune.data.audit import audit

    folder = make_dataset(tmp_path / "made", n_users=10, n_items=12)
    assert set(LEAKS) == set(audit(folder, 4.0, duplicate_prompts=0)["leakage"])
