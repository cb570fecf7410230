"""What published studies reported is in one file, and nowhere else."""

from documents import ROOT, tracked

from tastetune.metrics import LISTS
from tastetune.reporting.published import published


def test_the_figures_of_the_lists():
    """Two datasets, each as it comes and fine-tuned; of the second, precision alone is known."""
    found = published("top_n")
    assert [(row["data"], row["metrics"]) for row in found.rows] == [
        ("profileData50", {"precision@3": 0.0198, "mrr": 0.0505, "map": 0.0060}),
        ("profileData50", {"precision@3": 0.4284, "mrr": 0.5981, "map": 0.2780}),
        ("profileData60", {"precision@3": 0.0116}),
        ("profileData60", {"precision@3": 0.4184}),
    ]
    assert list(found.metrics) == ["precision@3", "mrr", "map"]
    assert {name for row in found.rows for name in row["metrics"]} <= set(LISTS)
    assert "not comparable" in found.caution


def test_a_task_of_which_nothing_is_known_shows_nothing():
    assert published("like_dislike") is None


def test_no_template_and_no_code_repeats_a_figure():
    figures = {f"{value:.4f}" for row in published("top_n").rows for value in row["metrics"].values()}
    for path in tracked():
        if path.parts[0] in ("tastetune", "scripts", "model_cards") and path.name != "published.yaml":
            text = (ROOT / path).read_text(encoding="utf-8")
            assert not [figure for figure in figures if figure in text], path
