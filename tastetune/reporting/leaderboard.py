"""scores -> the leaderboard, and how templates write figures. No figure of a model comes from anywhere else."""

from pathlib import Path

import jinja2
import yaml

from tastetune.metrics import LIKE_DISLIKE, LISTS, OF_LABELS
from tastetune.reporting.published import published
from tastetune.tasks.shown import shown

TEMPLATES = Path(__file__).parents[2] / "model_cards"

NONE = "–"
"""What stands for a figure that is undefined; the reason follows below the table."""


def leaderboard(scores: dict) -> str:
    """The leaderboard as Markdown.

    Args:
        scores: the content of `scores.json`, of either task.
    """
    how = shown(scores)
    gains = [
        (model["model"], base, metrics[how.main[0]])
        for model in scores["models"]
        for base, metrics in model["against"].items()
        if base != scores["reference"] and how.main[0] in metrics
    ]
    known = {"scores": scores, "main": how.main, "of_lines": how.of_lines, "gains": gains}
    others = [name for name in how.metrics if name not in how.main + how.of_lines]
    known |= {"others": others, "published": published(scores["dataset"]["config"])}
    return environment().get_template(how.leaderboard).render(known)


def environment() -> jinja2.Environment:
    """Where the templates are found, with the filters that they use."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cell": lambda text: str(text).replace("|", "\\|").replace("\n", " "),
        "command": _command,
        "cost": _cost,
        "difference": _difference,
        "estimates": _estimates,
        "figures": lambda found, names: [f"{found[name]:.4f}" if name in found else NONE for name in names],
        "p_holm": _p_holm,
        "spreads": _spreads,
        "metric_title": lambda name: (LIKE_DISLIKE | LISTS)[name].title,
        "versions": lambda found: ", ".join(f"{package} {number}" for package, number in found.items()),
        "yaml": lambda value: yaml.safe_dump(value, allow_unicode=True).strip(),
    }
    environment.globals |= {"of_labels": OF_LABELS, "reasons": reasons}
    return environment


def reasons(scores: dict) -> list[str]:
    """Why figures are missing: one clause a reason, with the metrics and models it concerns."""
    found: dict[str, tuple[dict, dict]] = {}
    for model in scores["models"]:
        for name, estimate in model["metrics"].items():
            if "reason" in estimate:
                titles, models = found.setdefault(estimate["reason"], ({}, {}))
                titles[LIKE_DISLIKE[name].title] = models[model["model"]] = None
    return [f"{reason} ({', '.join(titles)} of {', '.join(models)})" for reason, (titles, models) in found.items()]


def _estimates(estimates: dict | None, names: list[str]) -> list[str]:
    return [_with_interval((estimates or {}).get(name), "value", ".3f") for name in names]


def _difference(difference: dict | None) -> str:
    return _with_interval(difference, "difference", "+.3f")


def _p_holm(difference: dict | None) -> str:
    p = (difference or {}).get("p_holm")
    return NONE if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _with_interval(found: dict | None, key: str, form: str) -> str:
    if not found or found[key] is None:
        return NONE
    interval = "" if found["low"] is None else f" [{found['low']:{form}}, {found['high']:{form}}]"
    return f"{found[key]:{form}}{interval}"


def _spreads(spreads: dict, names: list[str]) -> list[str]:
    return [f"{spreads[name]['mean']:.3f} ± {spreads[name]['sd']:.3f}" if name in spreads else NONE for name in names]


def _cost(training: dict) -> str:
    parts = {"steps": "{:,} steps", "examples": "{:,} examples", "seconds": "{:,.0f} s", "flops": "{:.3g} FLOPs"}
    return ", ".join(form.format(training[key]) for key, form in parts.items() if training.get(key) is not None)


def _command(command: str) -> str:
    """A recorded command line as it is typed: a script's path alone is run by Python."""
    return f"python {command}" if command.split(" ", maxsplit=1)[0].endswith(".py") else command
