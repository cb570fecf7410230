"""How figures and names are written in Markdown: filters of the templates of cards and leaderboards."""

import re
from collections.abc import Iterable, Mapping, Sequence

import yaml

from tastetune.metrics import LIKE_DISLIKE, LISTS

NONE = "–"
"""What stands for a figure that is undefined; the reason follows below the table."""

NAMED = 3
"""How many names an enumeration holds; the others it counts."""

# Whatever Markdown would read as a mark; an underscore inside a word is none
_MARKS = re.compile(r"[\\`*\[\]<>|$~&]|(?<![^\W_])_|_(?![^\W_])")


def markdown(text: object) -> str:
    """A name, on one line, that Markdown shows as it is, whatever characters it holds."""
    return _MARKS.sub(r"\\\g<0>", " ".join(str(text).split()))


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; more than `NAMED` are cut and counted."""
    if len(names) > NAMED:
        names = [*names[:NAMED], f"{len(names) - NAMED} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def metric_title(name: str) -> str:
    """What people call a metric."""
    return (LIKE_DISLIKE | LISTS)[name].title


def with_interval(estimate: Mapping | None, key: str = "value", form: str = ".3f") -> str:
    """`0.763 [0.745, 0.780]`: the number under `key`, and `low` and `high` where there is an interval."""
    if not estimate or estimate[key] is None:
        return NONE
    interval = "" if estimate.get("low") is None else f" [{estimate['low']:{form}}, {estimate['high']:{form}}]"
    return f"{estimate[key]:{form}}{interval}"


def estimates(of: Mapping | None, names: Iterable[str]) -> list[str]:
    """The estimates of these names, of all that a model or a form of a probe has."""
    return [with_interval((of or {}).get(name)) for name in names]


def difference(apart: Mapping | None) -> str:
    """`+0.020 [+0.014, +0.026]`, a paired difference as `against` has it."""
    return with_interval(apart, "difference", "+.3f")


def differences(of: Mapping | None, names: Iterable[str]) -> list[str]:
    """The paired differences of these names."""
    return [difference((of or {}).get(name)) for name in names]


def p_holm(apart: Mapping | None) -> str:
    """The corrected p-value of a paired difference."""
    p = (apart or {}).get("p_holm")
    return NONE if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def published_figures(metrics: Mapping[str, float], names: Iterable[str]) -> list[str]:
    """A published row's figures, to the four digits in which they were reported."""
    return [f"{metrics[name]:.4f}" if name in metrics else NONE for name in names]


def spreads(of: Mapping, names: Iterable[str]) -> list[str]:
    """`0.763 [0.745, 0.780] ± 0.004`: the mean over seeds, its interval, and the seeds' standard deviation."""
    return [f"{with_interval(of[name], 'mean')} ± {of[name]['sd']:.3f}" if name in of else NONE for name in names]


def cost(training: Mapping) -> str:
    """What training took, as far as it is known."""
    parts = {"steps": "{:,} steps", "examples": "{:,} examples", "tokens": "{:,} tokens", "seconds": "{:,.0f} s"}
    parts |= {"flops": "{:.3g} FLOPs"}
    return ", ".join(form.format(training[key]) for key, form in parts.items() if training.get(key) is not None)


def cost_cells(point: Mapping) -> list[str]:
    """Labels, tokens, seconds and FLOPs of a point of a learning curve, a cell each."""
    forms = {"examples": "{:,}", "tokens": "{:,}", "seconds": "{:,.0f}", "flops": "{:.3g}"}
    return [NONE if point.get(key) is None else form.format(point[key]) for key, form in forms.items()]


def past(settings: Mapping) -> str:
    """How many earlier ratings rows were shown, `10 to 39, median 25`; nothing of a model that reads no prompt."""
    shown = settings.get("past")
    return "{least} to {most}, median {median:g}".format(**shown) if shown else NONE


def trials(settings: Mapping) -> str:
    """How many trials on validation chose a model's settings; nothing where none did."""
    tuning = settings.get("tuning")
    budget = tuning.get("budget") if isinstance(tuning, Mapping) else None
    return str(budget) if isinstance(budget, int) else NONE


def command(line: str) -> str:
    """A recorded command line as it is typed: a script's path alone is run by Python."""
    return f"python {line}" if line.split(" ", maxsplit=1)[0].endswith(".py") else line


def versions(of: Mapping[str, str]) -> str:
    """Packages and their versions in one line."""
    return ", ".join(f"{package} {number}" for package, number in of.items())


def as_yaml(value: object) -> str:
    """A recipe as YAML."""
    return yaml.safe_dump(value, allow_unicode=True).strip()


FILTERS = {
    "markdown": markdown,
    "metric_title": metric_title,
    "estimates": estimates,
    "difference": difference,
    "differences": differences,
    "p_holm": p_holm,
    "published_figures": published_figures,
    "spreads": spreads,
    "cost": cost,
    "cost_cells": cost_cells,
    "past": past,
    "trials": trials,
    "command": command,
    "versions": versions,
    "yaml": as_yaml,
}
