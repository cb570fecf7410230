"""The dataset folder: its layout, its promises (same input, same bytes) and its card."""

from collections import Counter
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from made_log import items_table, log_table, made_rows
from sklearn.utils import shuffle

from tastetune.artifacts.dataset import open_dataset
from tastetune.config.flags import BuildArguments
from tastetune.data.card import Source
from tastetune.data.engine import connect
from tastetune.data.like_dislike import build
from tastetune.data.rows import SCHEMA
from tastetune.errors import InputError
from tastetune.hub.plan import plan_push
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.prompts import read_rows

SOURCE = Source("made", "A made log", "Made up.", "Titles as made.", "Do as you like.", redistribution=True)
SPLITS = ("train", "validation", "test")


def built(folder, rows=None, con=None, wording=None, source=SOURCE, **flags):
    args = BuildArguments(output_dir=str(folder), **flags)
    build(log_table(rows or made_rows(), con), items_table(), source, args, wording=wording)
    return open_dataset(folder)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return built(tmp_path_factory.mktemp("built") / "made", test_sample=5)


def test_every_rating_is_one_row_in_one_split(dataset):
    pairs = Counter()
    for split in SPLITS:
        rows = dataset.read("like_dislike", split)
        assert rows.schema.equals(SCHEMA)
        interactions = dataset.read("interactions", split)
        assert interactions.to_pylist() == rows.select(interactions.column_names).to_pylist()
        pairs.update(zip(rows["user_id"].to_pylist(), rows["item_id"].to_pylist(), strict=True))
        assert len(rows) == dataset.info["counts"]["rows"][split] > 0
    assert pairs == Counter((user, item) for user, item, *_ in made_rows())


def test_the_settings_reproduce_the_prompts(dataset):
    task = LikeDislike(**dataset.info["settings"]["task"])
    row = dataset.read("like_dislike", "test").to_pylist()[0]
    assert row["prompt"].startswith(task.instruction)
    assert row["completion"] == task.completion(row["label"])


def test_the_test_sample_is_part_of_the_test_split(dataset):
    sample = dataset.read("like_dislike", "test_sample").to_pylist()
    test = dataset.read("like_dislike", "test").to_pylist()
    assert len(sample) == 5
    assert all(row in test for row in sample)


@pytest.mark.parametrize("flags", [{}, {"ratings": True, "times": True, "genres": True, "prompt_style": "published"}])
def test_a_dataset_of_parts_is_read_as_the_one_that_keeps_its_prompts(tmp_path, flags):
    whole, parts = built(tmp_path / "whole", **flags), built(tmp_path / "parts", store="parts", **flags)
    assert parts.fingerprint == whole.fingerprint
    assert parts.info["counts"] == whole.info["counts"]
    names = pq.read_schema(parts.path("like_dislike", "train")).names
    assert not {"prompt", "completion"} & set(names)
    assert ", ".join(f"`{name}`" for name in names[6:]) + "; prompts" in (parts.folder / "README.md").read_text()
    for split in (*SPLITS, "test_sample", "train+validation"):
        assert read_rows(parts, "like_dislike", split, SCHEMA.names) == whole.read("like_dislike", split)
    places = np.array([3, 0])
    prompts = whole.read("like_dislike", "test", ["prompt"]).take(places)
    assert read_rows(parts, "like_dislike", "test", ["prompt"], places) == prompts


def test_prompts_that_were_shortened_are_read_as_short(tmp_path, monkeypatch):
    monkeypatch.setattr("tastetune.data.like_dislike._token_counter", lambda _: lambda texts: list(map(len, texts)))
    flags = {"max_prompt_tokens": 400, "tokenizer": "characters", "times": True}
    whole, parts = built(tmp_path / "whole", **flags), built(tmp_path / "parts", store="parts", **flags)
    assert parts.info["counts"]["shortened_prompts"] == whole.info["counts"]["shortened_prompts"] > 0
    assert read_rows(parts, "like_dislike", "test", SCHEMA.names) == whole.read("like_dislike", "test")


def test_who_reads_or_pushes_prompts_that_are_not_kept_is_told(tmp_path):
    parts = built(tmp_path / "parts", store="parts")
    with pytest.raises(InputError, match="built with --store parts, so column 'prompt' is written as rows are read"):
        parts.read("like_dislike", "test", ["prompt"])
    with pytest.raises(InputError, match="built with --store parts, so its rows hold no prompts"):
        plan_push(parts.folder, "org/made", "dataset")
    with pytest.raises(InputError, match="--store parts keeps no prompts, and what is pushed holds them"):
        BuildArguments(output_dir=str(tmp_path), store="parts", push_to_hub="org/made")


def test_a_log_that_is_read_a_few_users_at_a_time_gives_the_same_files(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("tastetune.data.targets.ROWS_AT_ONCE", 20)
    ranges = built(tmp_path / "made", test_sample=5)
    assert files(ranges.folder) == files(dataset.folder)


def test_unrated_items_stay_in_the_catalogue(tmp_path):
    dataset = built(tmp_path / "made", [row for row in made_rows() if row[1] != "3"])
    assert "3" in dataset.read("items", "train")["item_id"].to_pylist()
    assert dataset.info["counts"]["items_unrated"] == 1


def test_the_counts_by_hand(tmp_path):
    # u: 4 ratings, 3 known (2 train, 1 validation), 1 test; two of its three neighbours tie. v: one rating, train.
    rows = [("u", "1", 5.0, 1), ("u", "2", 1.0, 1), ("u", "3", 4.0, 1), ("u", "4", 2.0, 2), ("v", "1", 5.0, 9)]
    counts = built(tmp_path / "made", rows, test_sample=1).info["counts"]
    assert counts["rows"] == {"train": 3, "validation": 1, "test": 1, "test_sample": 1}
    assert (counts["users"], counts["items"], counts["items_unrated"]) == (2, 4, 16)
    assert counts["users_with_one_rating"] == 1
    assert counts["ties_in_time"] == pytest.approx(2 / 3)
    assert counts["splits"]["train"] == {"likes": pytest.approx(2 / 3), "first": 1, "last": 9}
    assert (counts["test_cold_users"], counts["test_cold_items"]) == (0, 1)  # nobody else rated item 4
    assert counts["empty_histories"] == 2


def test_a_variant_can_have_a_name_of_its_own(tmp_path):
    assert built(tmp_path / "made", name="made-neutral", neutral_titles=True).name == "made-neutral"


def files(folder) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_same_input_same_bytes_whatever_the_threads_and_the_order_of_rows(dataset, tmp_path):
    for threads, seed in ((1, 0), (4, 1)):
        other = built(
            tmp_path / "made", shuffle(made_rows(), random_state=seed), connect(threads=threads), test_sample=5
        )
        assert files(other.folder) == files(dataset.folder)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms())
def test_the_order_of_input_rows_does_not_change_the_fingerprint(dataset, tmp_path, random):
    rows = random.sample(made_rows(), len(made_rows()))
    assert built(tmp_path / "made", rows).fingerprint == dataset.fingerprint


def test_the_fingerprint_sees_every_setting_that_changes_a_row(dataset, tmp_path):
    variants = [
        {"history": "train"},
        {"history_length": 3},
        {"genres": True},
        {"ratings": True},
        {"neutral_titles": True},
        {"protocol": "timeline"},
        {"prompt_style": "published"},
        {"times": True},
    ]
    fingerprints = {built(tmp_path / "made", test_sample=5, **variant).fingerprint for variant in variants}
    assert len(fingerprints | {dataset.fingerprint}) == 9


def test_genres_and_stars_combine_in_the_prompt(tmp_path):
    row = built(tmp_path / "made", genres=True, ratings=True).read("like_dislike", "test").to_pylist()[0]
    assert ' of genre "Drama|War" is rated ' in row["prompt"]


@pytest.mark.parametrize("style", ["compact", "published"])
def test_times_are_counted_from_the_history_to_the_target_of_each_row(tmp_path, style):
    # One rating a day, but for the last one of u, which is of the same day as the one before.
    day = 86_400
    rows = [(user, str(i), float(1 + i % 5), i * day) for user in "uv" for i in range(1, 10)]
    rows.append(("u", "10", 5.0, 9 * day + 7_200))
    dataset = built(tmp_path / "made", rows, times=True, prompt_style=style, history_length=3)
    (last,) = [row for row in dataset.read("like_dislike", "test").to_pylist() if row["item_id"] == "10"]
    lines = [line for line in last["prompt"].splitlines() if "iked" in line and "ago" in line]
    assert lines == ['- Disliked "Title 7" 2 days ago', '- Liked "Title 8" 1 day ago', '- Liked "Title 9" 2 hours ago']
    assert dataset.wording["times"] is True
    assert dataset.read("like_dislike", "test").schema.equals(SCHEMA)  # the columns are those of any dataset
    assert "1 month ago" in (dataset.folder / "README.md").read_text(encoding="utf-8")


def test_a_prompt_that_is_cut_tells_the_times_of_what_is_left(tmp_path):
    day = 86_400
    rows = [("u", str(i), float(1 + i % 5), i * day) for i in range(1, 20)]
    dataset = built(tmp_path / "made", rows, times=True, max_prompt_tokens=70, tokenizer=tokenizer(tmp_path))
    assert dataset.info["counts"]["shortened_prompts"] > 0
    for row in dataset.read("like_dislike", "test").to_pylist():
        for back, item in enumerate(reversed(row["history"]), 1):
            assert f'"Title {item}" {back} day{"s" if back > 1 else ""} ago' in row["prompt"]


def test_neutral_titles_stand_wherever_a_title_does(tmp_path):
    dataset = built(tmp_path / "made", neutral_titles=True, wording={"item": "book", "items": "books"})
    assert dataset.read("items", "train")["title"].to_pylist()[:2] == ["Book 1", "Book 10"]
    for row in dataset.read("like_dislike", "test").to_pylist():
        assert f'- "Book {row["item_id"]}"' in row["prompt"]
        assert '"Title ' not in row["prompt"]


def tokenizer(folder) -> str:
    """A tokenizer of words, saved in `folder`."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="?").save_pretrained(folder / "tokenizer")
    return str(folder / "tokenizer")


def test_an_over_long_prompt_is_shortened_and_counted(tmp_path):
    dataset = built(tmp_path / "made", max_prompt_tokens=80, tokenizer=tokenizer(tmp_path))
    lengths = [
        len(prompt.split()) for split in SPLITS for prompt in dataset.read("like_dislike", split)["prompt"].to_pylist()
    ]
    assert max(lengths) <= 80
    shortened = dataset.info["counts"]["shortened_prompts"]
    assert 0 < shortened < len(made_rows())
    assert f"lost their oldest history, {shortened} rows" in (dataset.folder / "README.md").read_text()


def test_the_folder_loads_as_a_hub_repository_would(dataset, tmp_path, monkeypatch):
    from datasets import config, load_dataset

    monkeypatch.setattr(config, "HF_HUB_OFFLINE", True)
    for name in ("like_dislike", "interactions", "items"):
        loaded = load_dataset(str(dataset.folder), name, cache_dir=str(tmp_path))
        assert list(loaded) == [
            p for p in (*SPLITS, "test_sample") if (dataset.folder / name / f"{p}.parquet").exists()
        ]
        for split, rows in loaded.items():
            assert rows.to_list() == pq.read_table(dataset.folder / name / f"{split}.parquet").to_pylist()


def test_the_card_states_the_rules_and_shows_made_up_titles_alone(dataset):
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(dataset.folder / "README.md")
    assert card.data.pretty_name == "A made log"
    assert "compared as strings byte by byte" in card.text
    assert "rounded down, at least one" in card.text
    assert dataset.fingerprint in card.text
    assert "Title 1" not in card.text
    assert "<built-in" not in card.text
    for split, number in dataset.info["counts"]["rows"].items():
        assert split == "test_sample" or f"| {split} | {number} |" in card.text


def test_a_failed_build_leaves_the_older_one(dataset, tmp_path):
    kept = built(tmp_path / "made")
    before = files(kept.folder)
    with pytest.raises(InputError, match="raise the limit"):
        built(tmp_path / "made", max_prompt_tokens=1, tokenizer=tokenizer(tmp_path))
    assert files(kept.folder) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["made", "tokenizer"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("u", str(i), 5.0, i) for i in range(1, 20)], "every rating is a like .* nothing to tell apart"),
        ([("u", str(i), 3.0, i) for i in range(1, 20)], "every rating is a dislike"),
        ([("u", "1", 5.0, 1), ("v", "2", 1.0, 2)], "no rating is left for the validation split; per_user needs users"),
    ],
)
def test_a_log_that_shows_no_taste_is_refused(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        built(tmp_path / "made", rows)
    assert not (tmp_path / "made").exists()


def test_a_licence_that_forbids_it_keeps_the_push_private(tmp_path):
    forbidden = replace(SOURCE, redistribution=False)
    with pytest.raises(InputError, match="the licence of made forbids redistribution; leave --public away"):
        built(tmp_path / "made", source=forbidden, push_to_hub="org/made", public=True)
    assert not (tmp_path / "made").exists()
    assert built(tmp_path / "made", source=forbidden).info["settings"]["redistribution"] is False
