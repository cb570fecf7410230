"""Builders on real Spark, in local mode: the same bytes as on DuckDB."""

from pathlib import Path

import pytest
from made_log import items_table, log_table, made_rows, write_ml1m
from scored import run

from tastetune.config.flags import BuildArguments
from tastetune.data.card import Source
from tastetune.data.engine.spark import refuse_without_spark
from tastetune.data.like_dislike import build
from tastetune.data.lists.top_n import ListArguments, build_lists
from tastetune.errors import InputError

SOURCE = Source("made", "A made log", "Made up.", "Titles as made.", "Do as you like.", redistribution=True)
ENGINES = ("duckdb", "spark")


@pytest.fixture(scope="module")
def spark():
    """A session of two cores and two partitions, which builders take as it is: their own would start 200 tasks."""
    try:
        refuse_without_spark()
    except InputError as error:
        pytest.skip(str(error))
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", "2")
    hasty = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # Java's slow compiler pays off later
    builder = builder.config("spark.driver.extraJavaOptions", hasty)
    session = builder.config("spark.ui.enabled", "false").getOrCreate()
    yield session
    session.stop()


def files(folder: Path) -> dict[str, bytes]:
    """All that the builder wrote, the card too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "flags",
    [
        {"ties": "hash", "history": "train", "like_rule": "user_median"},
        {"protocol": "timeline", "history_length": 3, "negatives": 2},
    ],
)
def test_likes_are_the_same_bytes(spark, tmp_path, flags):
    """Two neighbours in three tie in time."""
    negatives = flags.pop("negatives", 0)
    for engine in ENGINES:
        args = BuildArguments(output_dir=str(tmp_path / engine), test_sample=5, engine=engine, **flags)
        build(log_table(made_rows()), items_table(), SOURCE, args, negatives=negatives)
    assert files(tmp_path / "duckdb") == files(tmp_path / "spark")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["duckdb", "spark"]


@pytest.mark.parametrize("gold", ["neighbours", "future"])
def test_lists_are_the_same_bytes(spark, tmp_path, gold):
    few = {"liked": 3, "favourites_over": 0, "train_share": 0.4}
    if gold == "neighbours":
        few |= {"shared": 1, "watched_by": 0.3}
    for engine in ENGINES:
        args = ListArguments(output_dir=str(tmp_path / engine), gold=gold, validation_share=0.3, engine=engine, **few)
        build_lists(log_table(made_rows(40)), items_table(), SOURCE, args)
    assert files(tmp_path / "duckdb") == files(tmp_path / "spark")


def test_a_builder_takes_it_as_a_flag(spark, tmp_path, monkeypatch):
    source = write_ml1m(tmp_path / "source")
    for flags in (["duckdb"], ["spark", "--master", "local[2]"]):
        run("ml1m.py", monkeypatch, "--source", source, "--output_dir", tmp_path / flags[0], "--engine", *flags)
    assert files(tmp_path / "duckdb") == files(tmp_path / "spark")


def java(folder: Path, says: str) -> str:
    """A folder for JAVA_HOME with a program that says so."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    program.chmod(0o755)
    return str(folder)


def test_without_java_the_command_that_installs_it_is_told_before_a_log_is_read(tmp_path, monkeypatch):
    pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
    flags = ["--source", tmp_path / "none", "--output_dir", tmp_path / "made", "--engine", "spark"]
    remedy = r"run `apt-get install openjdk-17-jre-headless`, or name its folder by JAVA_HOME"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(SystemExit, match=rf"Spark runs on Java 17 or newer, and none is on the path; {remedy}"):
        run("ml1m.py", monkeypatch, *flags)
    monkeypatch.setenv("JAVA_HOME", java(tmp_path / "old", 'openjdk version "11.0.2" 2019-01-15'))
    with pytest.raises(SystemExit, match=rf"old/bin/java is Java 11; {remedy}"):
        run("ml1m.py", monkeypatch, *flags)
    monkeypatch.setenv("JAVA_HOME", java(tmp_path / "new", 'openjdk version "21.0.1" 2023-10-17'))
    refuse_without_spark()


def test_a_cluster_is_sparks_alone(tmp_path):
    with pytest.raises(InputError, match="--master local is a cluster of Spark's; give --engine spark as well"):
        BuildArguments(output_dir=str(tmp_path), master="local")
    args = BuildArguments(output_dir=str(tmp_path / "made"), like_rule="log", engine="spark")
    with pytest.raises(InputError, match="--like_rule log: engines differ in the last digit of a logarithm"):
        build(log_table(made_rows()), items_table(), SOURCE, args)
