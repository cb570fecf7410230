"""Put the first table of a scores.json, what benchmarks measured, or the map of a package, into a text.

    python benchmarks/readme_table.py outputs/quickstart/scores.json README.md
    python benchmarks/readme_table.py outputs/quickstart/scores.json README.md --rows 6
    python benchmarks/readme_table.py outputs/ml1m/scores.json text.md --seeds
    python benchmarks/readme_table.py results/quickstart/learning_curve.json docs/evaluation.md --curve
    python benchmarks/readme_table.py results/speed docs/scale.md
    python benchmarks/readme_table.py results/scale docs/scale.md
    python benchmarks/readme_table.py results/scale docs/scale.md --paper
    python benchmarks/readme_table.py results/gpu docs/scale.md
    python benchmarks/readme_table.py tastetune README.md

The text holds the lines `<!-- table: outputs/quickstart/scores.json -->` and `<!-- end of table -->`; what stands
between them is replaced. With --rows the table is a short one: the reference, the best model of each kind, and then the
next best. With --seeds it is that of the recipes of several seeds, between `<!-- seeds: FILE -->` and
`<!-- end of seeds -->`, with the metrics that --metrics names. With --costs it says what the training of each adapter
took, between `<!-- costs: FILE -->` and `<!-- end of costs -->`. With --curve the file is a learning_curve.json, whose
points are put between `<!-- curve: FILE -->` and `<!-- end of curve -->`.

Of a folder of files that benchmarks wrote, their table is put between `<!-- speed: results/speed -->` and
`<!-- end of speed -->`; of results/scale, what benchmarks/scale.py measured, between `<!-- growth: results/scale -->`
and `<!-- end of growth -->`; with --paper, what a billion ratings would take, between `<!-- paper: results/scale -->`
and `<!-- end of paper -->`; of results/gpu, what benchmarks/true_size.py measured, between `<!-- gpu: results/gpu -->`
and `<!-- end of gpu -->`. Of a package's folder, the rooms inside are put between `<!-- map: tastetune -->` and
`<!-- end of map -->`, each with the first sentence of its own documentation.
"""

import argparse
import ast
import re
from pathlib import Path

from tastetune.artifacts.scores import read_scores
from tastetune.errors import InputError, run
from tastetune.evaluation.learning_curve import read_learning_curve
from tastetune.files import write_text
from tastetune.growth import FOLDER as GROWTH
from tastetune.growth import growth_table
from tastetune.projection import breaking_table, projected_table
from tastetune.reporting.cards import curve_table
from tastetune.reporting.leaderboard import costs_table, first_table, seeds_table, short_table
from tastetune.reporting.views import VIEWS
from tastetune.speed import speed_table
from tastetune.true_size import PATH as TRUE_SIZE
from tastetune.true_size import steps_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="a scores.json, or a folder")
    parser.add_argument("text", type=Path, help="the text to put the table into")
    parser.add_argument("--rows", type=int, help="models in a short table (default: the whole first table)")
    parser.add_argument("--costs", action="store_true", help="the table of what the training of each adapter took")
    parser.add_argument("--seeds", action="store_true", help="the table of recipes of several seeds")
    parser.add_argument("--curve", action="store_true", help="the points of a learning_curve.json")
    parser.add_argument("--metrics", nargs="+", default=[], help="of that table (default: the leaderboard's first two)")
    parser.add_argument("--paper", action="store_true", help="what was measured, carried on to a larger log")
    args = parser.parse_args()
    if (args.source / "__init__.py").is_file():
        kind, table = "map", room_map(args.source)
    elif args.paper:
        kind, table = "paper", f"{projected_table(sorted(args.source.glob('*.json')))}\n\n{breaking_table()}"
    elif args.source.is_dir() and args.source.name == GROWTH.name:
        kind, table = "growth", growth_table(sorted(args.source.glob("*.json")))
    elif args.source.is_dir() and args.source.name == TRUE_SIZE.parent.name:
        kind, table = "gpu", steps_table(args.source / TRUE_SIZE.name)
    elif args.source.is_dir():
        kind, table = "speed", speed_table(sorted(args.source.glob("*.json")))
    elif args.curve:
        kind, table = "curve", curve_table(read_learning_curve(args.source))
    elif args.costs:
        kind, table = "costs", costs_table(read_scores(args.source, VIEWS))
    elif args.seeds:
        kind, table = "seeds", seeds_table(read_scores(args.source, VIEWS), args.metrics)
    else:
        scores = read_scores(args.source, VIEWS)
        kind, table = "table", first_table(scores) if args.rows is None else short_table(scores, args.rows)
    begin, end = f"<!-- {kind}: {args.source.as_posix()} -->", f"<!-- end of {kind} -->"
    between = re.compile(re.escape(begin) + ".*?" + re.escape(end), flags=re.DOTALL)
    text, places = between.subn(lambda _: f"{begin}\n{table}\n{end}", args.text.read_text(encoding="utf-8"))
    if places != 1:
        raise InputError(f"{args.text}: {places} places marked {begin!r} ... {end!r}; mark exactly one")
    write_text(args.text, text)
    print(f"{kind}: {args.source} into {args.text}")


def room_map(package: Path) -> str:
    """A Markdown table of the packages inside the folder `package`, each with the first sentence of its docstring."""
    lines = ["| room | what it holds |", "|---|---|"]
    for path in sorted(package.glob("*/__init__.py")):
        documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        sentence = " ".join(documentation.split()).partition(". ")[0].rstrip(".")
        lines.append(f"| `{package.name}/{path.parent.name}` | {sentence} |")
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
