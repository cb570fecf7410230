"""A person in a dataset's terms, and the dataset with that person in it."""

from dataclasses import replace

import pyarrow as pa
import pytest
from made import make_dataset, rewritten

from tastetune.artifacts.dataset import open_dataset
from tastetune.data.exports import EXPORTS
from tastetune.data.exports.export import OwnList, OwnRating
from tastetune.errors import InputError
from tastetune.person.dataset import among_others, with_person
from tastetune.person.person import find_person
from tastetune.person.report import described
from tastetune.tasks import TASKS


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("made"), 6, 40))


@pytest.fixture(scope="module")
def titles(dataset):
    return dict(zip(*(dataset.read("items", "train")[name].to_pylist() for name in ("item_id", "title")), strict=True))


def listed(*entries: OwnRating, scale=(1.0, 5.0)) -> OwnList:
    return OwnList("mine.csv", EXPORTS["list"], entries, scale)


def of_user(dataset, titles, user, splits) -> OwnList:
    """What a user of the dataset rated in these splits, as a list of their own."""
    rows = dataset.read("interactions", splits).to_pylist()
    own = sorted((row for row in rows if row["user_id"] == user), key=lambda row: (row["timestamp"], row["item_id"]))
    return listed(*(OwnRating(titles[row["item_id"]], rating=row["rating"], time=row["timestamp"]) for row in own))


def test_a_list_in_the_datasets_terms(dataset, titles):
    """Two editions are one item, rated as the later one; a film of which nothing is said was seen; one is unknown."""
    own = listed(
        OwnRating(titles["i3"]),
        OwnRating(titles["i1"], rating=2.0),
        OwnRating("No Such Film", rating=5.0),
        OwnRating(titles["i1"].upper(), rating=5.0, time=500),
        OwnRating(titles["i2"], rating=3.0, time=500),
    )
    person = find_person(own, dataset)
    # The three without a time stand a day apart before the first that has one; two at one moment keep their order
    assert person.rated.to_pydict() == {"item_id": ["i1", "i2"], "rating": [5, 3], "timestamp": [500, 501]}
    assert (person.likes, person.seen, person.doubled) == (1, {"i3"}, 1)
    assert [entry.title for entry in person.missing] == ["No Such Film"]
    assert person.targets() == sorted(titles.keys() - {"i1", "i2", "i3"})
    assert described(person, dataset, person.targets()) == [
        "mine.csv: 5 titles (list, rated 1 to 5), 3 of them in made: 1 liked, 1 not, 1 without a word",
        "left out: 1 titles that are the same item as a later one",
        "not found: 1",
        "  No Such Film",
    ]


def test_what_is_said_of_an_item_that_is_asked_about_is_left_out(dataset, titles):
    person = find_person(listed(OwnRating(titles["i1"], rating=5.0), OwnRating(titles["i2"], rating=1.0)), dataset)
    asked = with_person(dataset, person, targets := person.targets([titles["i2"].lower()]))
    assert targets == ["i2"]
    assert asked.read("like_dislike", "test", ["history"]).to_pydict() == {"history": [["i1"]]}
    assert f"{titles['i2']!r} is in the list; what is said of it there is left out" in described(
        person, dataset, targets
    )


def test_a_list_of_one_verdict_is_warned_about(dataset, titles):
    likes = [OwnRating(titles[item], rating=5.0) for item in ("i1", "i2")]
    lines = described(find_person(listed(*likes), dataset), dataset, ())
    assert "warning: all 2 are liked, so no model can see what sets them apart; add some not liked" in lines
    dislikes = [replace(entry, rating=1.0) for entry in likes]
    lines = described(find_person(listed(*dislikes), dataset), dataset, ())
    assert "warning: all 2 are not liked, so no model can see what sets them apart; add some liked" in lines


def test_a_persons_rows_are_those_of_a_user_of_the_dataset(dataset, titles):
    """The oracle is the dataset: a user's first test prompt shows the ten ratings before it, and nothing else does.

    A stream's prompt, asked apart, shows all that the user rated before.
    """
    test = [row for row in dataset.read("like_dislike", "test").to_pylist() if row["user_id"] == "u0"]
    first = min(test, key=lambda row: (row["timestamp"], row["item_id"]))
    person = find_person(of_user(dataset, titles, "u0", "train+validation"), dataset)
    asked = with_person(dataset, person, person.targets([titles[first["item_id"]]]))
    assert asked.read("like_dislike", "test", ["prompt"])["prompt"].to_pylist() == [first["prompt"]]
    train = replace(dataset, info=dataset.info | {"settings": dataset.info["settings"] | {"history": "train"}})
    rows = TASKS["stream"].rows(train, "test")
    of_user_0 = dict(zip(rows.example_ids, TASKS["stream"].prompts(rows), strict=True))
    assert TASKS["stream"].prompts(TASKS["stream"].rows(asked, "test")) == [of_user_0[first["example_id"]]]


def test_recommenders_learn_from_the_others_and_the_person(dataset, titles):
    person = find_person(listed(OwnRating(titles["i1"], rating=5.0), OwnRating(titles["i2"], rating=1.0)), dataset)
    asked = with_person(dataset, person, person.targets())
    joined = among_others(asked)
    for config in ("interactions", "like_dislike"):
        others = dataset.read(config, "train", ["user_id", "item_id", "rating"]).to_pylist()
        own = [
            {"user_id": "the person who asks", "item_id": item, "rating": rating}
            for item, rating in (("i1", 5), ("i2", 1))
        ]
        assert joined.read(config, "train", ["user_id", "item_id", "rating"]).to_pylist() == others + own
        assert asked.read(config, "train", ["user_id", "item_id", "rating"]).to_pylist() == own
        assert set(joined.read(config, "test", ["user_id"])["user_id"].to_pylist()) == {"the person who asks"}
    assert joined.read("like_dislike", "validation").equals(dataset.read("like_dislike", "validation"))


def refused(own, dataset, message):
    with pytest.raises(InputError, match=message):
        find_person(own, dataset)


def test_a_list_that_says_nothing_to_the_dataset_is_refused(dataset, titles, tmp_path):
    refused(
        listed(OwnRating("Nowhere", rating=5.0)),
        dataset,
        r"mine\.csv: none of its titles \('Nowhere'\) is among the 40 of the dataset, such as 'Silent River \(1950\)'",
    )
    seen = listed(OwnRating(titles["i1"]), OwnRating("Nowhere", rating=5.0))
    refused(
        seen, dataset, r"of its 2 titles 1 are in the dataset, and the list does not say what any of them was worth"
    )
    neutral = dataset.info | {"settings": dataset.info["settings"] | {"neutral_titles": True}}
    refused(seen, replace(dataset, info=neutral), "its titles are its ids or made of them")
    folder = make_dataset(tmp_path / "ids", 6, 40)
    items = open_dataset(folder).read("items", "train")
    rewritten(items.set_column(1, "title", items["item_id"]), folder / "items" / "train.parquet")
    refused(seen, open_dataset(folder), "name a recipe whose dataset has titles")


def test_what_cannot_be_asked_is_refused(dataset, titles):
    person = find_person(listed(OwnRating(titles["i1"], rating=5.0)), dataset)
    near = titles["i2"].replace(" ", "  ").replace("e", "", 1)
    with pytest.raises(
        InputError, match=f"not in the catalogue; did you mean '{titles['i2'].split(' (', maxsplit=1)[0]}"
    ):
        person.targets([near])
    with pytest.raises(InputError, match="--item 'Nowhere': not in the catalogue; name a title that the dataset has"):
        person.targets(["Nowhere"])
    everything = find_person(listed(*(OwnRating(title, rating=5.0) for title in titles.values())), dataset)
    with pytest.raises(InputError, match="the list holds the whole catalogue; name one title with --item"):
        everything.targets()


def test_likes_and_dislikes_that_were_drawn_have_two_levels(tmp_path, titles):
    """A log of clicks: its rows are rated 1, and 0 where a dislike was drawn beside them."""
    folder = make_dataset(tmp_path / "clicks", 6, 40)
    dataset = open_dataset(folder)
    dataset.info["settings"]["task"]["like_from"] = 0.5
    rows = dataset.read("like_dislike", "train")
    place = rows.schema.get_field_index("rating")
    rewritten(
        rows.set_column(place, "rating", rows["label"].cast(pa.float64())), folder / "like_dislike" / "train.parquet"
    )
    opened = replace(open_dataset(folder), info=open_dataset(folder).info | {"settings": dataset.info["settings"]})
    own = listed(OwnRating(titles["i1"], rating=5.0), OwnRating(titles["i2"], rating=3.0))
    assert find_person(own, opened).rated["rating"].to_pylist() == [1.0, 0.0]
