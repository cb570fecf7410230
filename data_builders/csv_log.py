r"""A log of your own as a dataset folder: ratings, likes, counts or plain clicks, in a file of nearly any format.

python data_builders/csv_log.py --log loans.csv --items books.csv
python data_builders/csv_log.py --log loans.csv --items books.csv --inspect
python data_builders/csv_log.py outputs/loans/data.yaml

It looks before it asks: what the files are, which column holds what, the scale, the times. What it understood is shown,
with five rows as they are read and the recipe that says it all; --inspect stops there. What is unsure is asked on a
terminal; elsewhere the builder stops and names the flag that settles it. A flag always wins over what was found.

The dataset goes into outputs/loans/data, by the log's name, or into --output_dir; its recipe is written beside it,
outputs/loans/data.yaml, and makes the same dataset again. Every key in it is a flag, and may be changed.
"""

from tastetune.config.flags import parse
from tastetune.data.engine import connect
from tastetune.data.exports.log import one_log
from tastetune.data.folder import held_output
from tastetune.data.intake.arguments import LogArguments
from tastetune.data.intake.describing import card_source, prompt_words
from tastetune.data.intake.settling import settled
from tastetune.data.intake.showing import write_recipe
from tastetune.data.like_dislike import build
from tastetune.errors import run


def main() -> None:
    args = parse(LogArguments, __doc__)
    with held_output(args):
        args = one_log(args)
        # 1. What the files hold, shown and settled
        look = settled(connect(), args)
        if args.inspect:
            return
        assert look.items is not None

        # 2. The dataset, and the recipe that makes it again
        build(
            look.interactions,
            look.items,
            card_source(look),
            look.args,
            wording=prompt_words(look),
            negatives=look.args.negatives or 0,
            negatives_by=look.args.negatives_by,
            notes=look.notes,
            has_titles=look.titled != "ids",
        )
        write_recipe(look.args)


if __name__ == "__main__":
    run(main)
