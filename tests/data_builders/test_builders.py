"""The builders of MovieLens, run as a person runs them, on made files of the same formats."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from made_log import made_rows, write_ml1m
from scored import BUILDERS, module, run

from tastetune.artifacts.dataset import open_dataset
from tastetune.errors import InputError


def test_ml1m_from_a_folder(tmp_path, monkeypatch, capsys):
    run("ml1m.py", monkeypatch, "--source", write_ml1m(tmp_path / "source"), "--output_dir", tmp_path / "made")
    dataset = open_dataset(tmp_path / "made")
    assert sum(dataset.info["counts"]["rows"][split] for split in ("train", "validation", "test")) == len(made_rows())
    items = {row["item_id"]: row for row in dataset.read("items", "train").to_pylist()}
    assert items["1"] == {"item_id": "1", "title": "Le Winter (1951)", "genres": ["Drama", "Comedy"]}
    assert items["5"]["title"] == "The Orchard (El Huerto) (1955)"
    assert items["20"]["title"] == "Café Été (1999)"  # the file is ISO-8859-1
    assert dataset.info["settings"]["redistribution"] is False
    assert dataset.clause == "The user may not redistribute the data without separate permission."
    assert "Harper and Joseph A. Konstan" in dataset.citation
    assert f"rows in {tmp_path / 'made'}" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("flags", "folder"),
    [((), "ml1m"), (("--genres", "--ratings"), "ml1m-genres-ratings"), (("--neutral_titles",), "ml1m-neutral")],
)
def test_ml1m_has_a_folder_by_convention(tmp_path, monkeypatch, flags, folder):
    monkeypatch.chdir(tmp_path)
    run("ml1m.py", monkeypatch, "--source", write_ml1m(tmp_path / "source"), *flags)
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == [folder]
    assert open_dataset(f"outputs/{folder}/data").task == "like_dislike"


def test_ml1m_asks_in_the_words_of_the_study_and_another_style_is_a_flag(tmp_path, monkeypatch):
    source = write_ml1m(tmp_path / "source")
    run("ml1m.py", monkeypatch, "--source", source, "--output_dir", tmp_path / "published")
    run("ml1m.py", monkeypatch, "--source", source, "--output_dir", tmp_path / "compact", "--prompt_style", "compact")
    published, compact = (open_dataset(tmp_path / style) for style in ("published", "compact"))
    assert (published.wording["style"], compact.wording["style"]) == ("published", "compact")
    both = zip(*(dataset.read("like_dislike", "test").to_pylist() for dataset in (published, compact)), strict=True)
    for one, other in both:
        assert one["prompt"].startswith("## Instruction:\nBelow is a user's history of likes and dislikes for movies, ")
        assert other["prompt"] == one["prompt"].removeprefix("## Instruction:\n").replace(
            '## Target movie:\n"', '## Target movie:\n- "'
        )
        assert {name: one[name] for name in one if name != "prompt"} == {
            name: other[name] for name in other if name != "prompt"
        }
    assert published.fingerprint != compact.fingerprint
    assert "## Instruction:\nBelow is" in (tmp_path / "published" / "README.md").read_text(encoding="utf-8")


def test_what_lies_beside_a_dataset_is_never_deleted(tmp_path, monkeypatch):
    source, made = write_ml1m(tmp_path / "source"), tmp_path / "made"
    run("ml1m.py", monkeypatch, "--source", source, "--output_dir", made)
    run("ml1m.py", monkeypatch, "--source", source, "--output_dir", made)  # a rebuild is no matter
    (made / "adapter").mkdir()
    (made / "adapter" / "adapter_model.safetensors").write_bytes(b"hours of training")
    before = sorted(made.rglob("*"))
    with pytest.raises(SystemExit, match=r"^error: --output_dir .*made: holds .* lost: adapter; name another folder"):
        run("ml1m.py", monkeypatch, "--source", source, "--output_dir", made)
    assert sorted(made.rglob("*")) == before
    assert (made / "adapter" / "adapter_model.safetensors").read_bytes() == b"hours of training"


def test_ml1m_from_the_zip_is_the_same(tmp_path, monkeypatch):
    write_ml1m(tmp_path / "ml-1m")
    with zipfile.ZipFile(tmp_path / "ml-1m.zip", "w") as archive:
        for name in ("ratings.dat", "movies.dat"):
            archive.write(tmp_path / "ml-1m" / name, f"ml-1m/{name}")
    run("ml1m.py", monkeypatch, "--source", tmp_path / "ml-1m.zip", "--output_dir", tmp_path / "zip")
    run("ml1m.py", monkeypatch, "--source", tmp_path / "ml-1m", "--output_dir", tmp_path / "folder")
    assert open_dataset(tmp_path / "zip").fingerprint == open_dataset(tmp_path / "folder").fingerprint


def test_a_download_is_checked(tmp_path):
    ml1m, url = module("ml1m.py"), (tmp_path / "served.zip").as_uri()
    (tmp_path / "served.zip").write_bytes(b"the official file")
    right = hashlib.md5(b"the official file").hexdigest()
    assert ml1m.download(tmp_path, url, right).read_bytes() == b"the official file"
    with pytest.raises(InputError, match=f"md5 {right} where 0 is published, so the file is damaged"):
        ml1m.download(tmp_path, url, "0")
    with pytest.raises(InputError, match="or give the zip or its folder with --source"):
        ml1m.download(tmp_path, (tmp_path / "absent.zip").as_uri(), right)


def test_a_zip_that_is_none_or_another(tmp_path):
    ml1m = module("ml1m.py")
    (tmp_path / "broken.zip").write_bytes(b"PK no zip")
    with pytest.raises(InputError, match=r"broken\.zip: the archive is damaged or cut"):
        ml1m.unpack(tmp_path / "broken.zip", tmp_path)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("ml-20m/ratings.csv", "")
    with pytest.raises(InputError, match=r"other\.zip: .*ml-1m/ratings\.dat.*give the official ml-1m\.zip"):
        ml1m.unpack(tmp_path / "other.zip", tmp_path)


def write_ml100k(folder: Path) -> Path:
    """A made log in the format of the files inside the recbole wheel."""
    folder.mkdir()
    ratings = ["user_id:token\titem_id:token\trating:float\ttimestamp:float"]
    ratings += [f"{user}\t{item}\t{stars:g}\t{time}" for user, item, stars, time in made_rows()]
    items = ["item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq"]
    items += ["1\tHarbour, The\t1950\tDrama Film-Noir", "2\tunkonwn\tunkonwn\tunknown", "3\tCity (1995)\tV\tDrama"]
    items += [f"{i}\tTitle {i}\t1960\tChildren's" for i in range(4, 21)]
    (folder / "ml-100k.inter").write_text("\n".join(ratings) + "\n")
    (folder / "ml-100k.item").write_text("\n".join(items) + "\n")
    return folder


def test_ml100k_mends_its_catalogue(tmp_path, monkeypatch):
    run("ml100k.py", monkeypatch, "--source", write_ml100k(tmp_path / "source"), "--output_dir", tmp_path / "made")
    items = {row["item_id"]: row for row in open_dataset(tmp_path / "made").read("items", "train").to_pylist()}
    assert items["1"] == {"item_id": "1", "title": "The Harbour (1950)", "genres": ["Drama", "Film-Noir"]}
    assert items["2"] == {"item_id": "2", "title": "unknown", "genres": []}
    assert items["3"]["title"] == "City (1995)"


def test_the_embedded_ml100k_by_its_published_numbers(tmp_path):
    made = subprocess.run(
        [sys.executable, BUILDERS / "ml100k.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    dataset = open_dataset(tmp_path / "outputs" / "ml100k" / "data")
    assert dataset.fingerprint.startswith("2b62f3e492820513")  # the rows' content has not changed since the first build
    counts = dataset.info["counts"]
    assert counts["rows"]["train"] + counts["rows"]["validation"] == 89_561
    assert counts["rows"]["test"] == 10_439
    assert (counts["users"], counts["items"]) == (943, 1682)
    assert counts["leakage"]["targets_in_history"] == counts["leakage"]["repeated_pairs"] == 0
    assert counts["leakage"]["test_before_training"] > 10_000  # a per-user split trains on others' future


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("ratings.dat", lambda text: text[:-3], r"ratings\.dat, line 114: the file is cut"),
        ("ratings.dat", lambda text: text + "1::2::3\n", r"ratings\.dat, line 115: fewer fields"),
        ("ratings.dat", lambda text: text + "99::2::6::1\n", r"ratings\.dat, line 115: rating 6"),
        (
            "ratings.dat",
            lambda text: text + text.splitlines()[0] + "\n",
            r"ratings\.dat, line 115: .* in .*, line 1 too",
        ),
        ("ratings.dat", lambda text: "", r"ratings\.dat: the file is empty"),
        ("movies.dat", lambda text: text.split("\n", 1)[1], r"movies\.dat: item 1 is rated \d+ times but has no title"),
        ("movies.dat", lambda text: None, r"movies\.dat: no such file"),
    ],
)
def test_bad_files_are_refused_and_nothing_is_written(tmp_path, monkeypatch, name, change, message):
    source = write_ml1m(tmp_path / "source")
    text = change((source / name).read_text(encoding="latin-1"))
    (source / name).unlink() if text is None else (source / name).write_text(text, encoding="latin-1")
    with pytest.raises(SystemExit, match=f"^error: .*{message}"):
        run("ml1m.py", monkeypatch, "--source", source, "--output_dir", tmp_path / "made")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--history_length", "0"], "--history_length 0: expected 1 or more"),
        (["--max_prompt_tokens", "100"], "--max_prompt_tokens and --tokenizer go together"),
        (["--public"], "name the repository with --push_to_hub"),
        (["--public", "--push_to_hub", "org/made"], "the licence of ml-1m forbids redistribution"),
        (["--tokenizer", str(BUILDERS), "--max_prompt_tokens", "9"], "--tokenizer .*; name a folder or a Hub id"),
    ],
)
def test_flags_that_cannot_be(tmp_path, monkeypatch, flags, message):
    source = write_ml1m(tmp_path / "source")
    with pytest.raises(SystemExit, match=f"^error: .*{message}"):
        run("ml1m.py", monkeypatch, "--source", source, "--output_dir", tmp_path / "made", *flags)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_built_folder_goes_to_the_hub_as_it_lies(tmp_path, hub):
    source = write_ml1m(tmp_path / "source")
    flags = ["--source", source, "--output_dir", tmp_path / "made", "--push_to_hub", "org/made"]
    pushed = hub.run(BUILDERS / "ml1m.py", *flags)
    assert pushed.returncode == 0, pushed.stderr
    files = hub.files("dataset", "org/made")
    assert files["tastetune.json"] == (tmp_path / "made" / "tastetune.json").read_bytes()
    assert "like_dislike/test.parquet" in files
    assert hub.repositories["dataset", "org/made"].private
