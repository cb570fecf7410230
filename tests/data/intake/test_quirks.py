"""Logs as people really have them: each is understood by one command, or by a second that answers what is asked."""

from importlib.util import find_spec

import pytest
from made_log import engine
from made_quirks import QUIRKS, Quirk

from tastetune.config.flags import parsed
from tastetune.data.intake.arguments import LogArguments
from tastetune.data.intake.look import Look
from tastetune.data.intake.looking import look_at
from tastetune.data.intake.showing import shown


def look(flags: list) -> Look:
    return look_at(engine(), parsed(LogArguments, "", [str(flag) for flag in flags]))


@pytest.mark.parametrize("name", QUIRKS)
def test_a_log_with_a_quirk(name, tmp_path):
    if name == "Excel" and not find_spec("openpyxl"):
        pytest.skip("openpyxl is an extra")
    quirk: Quirk = QUIRKS[name]
    flags = quirk.write(tmp_path)
    seen = look(flags)
    assert tuple(doubt.choices[0].flag for doubt in seen.doubts) == quirk.doubts, [*map(str, seen.doubts)]
    if quirk.doubts:
        seen = look([*flags, *quirk.answers])
    assert not [*map(str, seen.doubts), *map(str, seen.problems)]
    args, log = seen.args, seen.interactions
    assert (seen.kind, seen.times, seen.titled) == (quirk.kind, quirk.times, quirk.titled)
    assert (args.item_word, args.items_word) == quirk.words
    assert (args.rating_min, args.rating_max) == (quirk.scale or (None, None))
    assert args.like_from == quirk.like_from
    assert {key: getattr(args, key) for key in quirk.settings} == quirk.settings
    assert tuple(rows for rows in seen.notes.values() if rows) == quirk.notes
    figures = log.agg(rows=log.count(), users=log.user_id.nunique(), items=log.item_id.nunique())
    assert tuple(figures.to_pyarrow().to_pylist()[0].values()) == (quirk.rows, quirk.users, quirk.items)
    assert set(log.item_id.to_pyarrow().to_pylist()) <= set(seen.items["item_id"].to_pylist())
    if quirk.first:
        first = log.order_by("timestamp", "user_id").limit(1).to_pyarrow().to_pylist()[0]
        assert {name: first[name] for name in quirk.first} == quirk.first
    assert f"{quirk.rows:,} rows" in shown(seen)
