"""scores -> every file that shows them."""

import json
from collections.abc import Sequence
from pathlib import Path

from tastetune.hub.results import RESULTS, eval_results
from tastetune.reporting import plots
from tastetune.reporting.cards import render_curve
from tastetune.reporting.leaderboard import leaderboard
from tastetune.reporting.model_card import model_card, rows_of
from tastetune.reporting.report import report
from tastetune.reporting.views import view_of

SCORES, CURVE = "scores.json", "learning_curve.json"
"""What is written last of the files that show it: who finds it new finds the others new."""


def files_of(
    scores: dict, folder: str | Path, adapters: Sequence[str | Path] = (), home: str | Path | None = None
) -> dict[Path, str | bytes]:
    """The files that show `scores`, by path, for `tastetune.files.write_all`.

    All of them are rendered before any is written: a fault leaves every file as it was.

    Args:
        scores: the content of `scores.json`, of any task.
        folder: where they go.
        adapters: folders to put the card of their adapter into, with plots and scores, and its results for the Hub.
        home: the folder that the paths in `scores` are relative to; `folder` if none.

    Raises:
        InputError: see `tastetune.reporting.model_card.model_card`.
    """
    folder, view, home = Path(folder), view_of(scores), folder if home is None else home
    plot = plots.leaderboard(scores, view.headline[0])
    files = {
        folder / "leaderboard.md": leaderboard(scores),
        folder / "leaderboard.png": plot,
        folder / "report.html": report(scores),
    }
    if "roc" in scores["models"][0]:
        files[folder / "roc.png"] = plots.roc_and_reliability(scores)
    text, alone = _dumped(scores), _dumped(_to_pass_on(scores))
    for adapter in adapters:
        of_card = {name: view.metrics[name] for name in view.headline}
        files[Path(adapter) / RESULTS] = eval_results(scores, rows_of(scores, adapter, home)[0], of_card)
        card = model_card(scores, adapter, home)
        plots_of = {Path(adapter) / path.name: plot for path, plot in files.items() if path.suffix == ".png"}
        files |= plots_of | {Path(adapter) / SCORES: alone, Path(adapter) / "README.md": card}
    return files | {folder / SCORES: text}


def _to_pass_on(scores: dict) -> dict:
    """The scores without single rows where the licence of the ratings does not allow to pass these on."""
    if scores["dataset"]["settings"].get("redistribution") is True:
        return scores
    return {key: value for key, value in scores.items() if key != "rows"}


def _dumped(content: dict) -> str:
    return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def curve_files(curve: dict, folder: Path) -> dict[Path, str | bytes]:
    """The files that hold and show a learning curve, by path."""
    return {
        folder / "learning_curve.png": plots.learning_curve(curve),
        folder / "learning_curve.md": render_curve(curve),
        folder / CURVE: _dumped(curve),
    }
