"""Spark in DuckDB's place, for splits, sorting and mining of a log that outgrows one machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import ibis
import pyarrow.parquet as pq
from ibis.expr import types as ir

from tastetune.config.output import SPARK, OutputArguments
from tastetune.data.engine import SCRATCH, batches
from tastetune.errors import InputError
from tastetune.files import scratch_beside

JAVA = 17
"""The oldest Java that Spark 4 runs on."""


@contextmanager
def on_engine(interactions: ir.Table, args: OutputArguments) -> Iterator[ir.Table]:
    """`interactions`, until the block ends, on the engine that `args` names.

    DuckDB reads and checks every log. For Spark it writes what it has read as parquet, beside the output, where all
    machines of a cluster must see it.

    Raises:
        InputError: see `refuse_without_spark`.
    """
    if args.engine != SPARK:
        yield interactions
        return
    refuse_without_spark()
    with scratch_beside(str(args.output_dir)) as scratch:
        log = scratch / "log.parquet"
        _write(interactions, log)
        with _session(args.master, scratch) as con:
            yield con.read_parquet(str(log))


def refuse_without_spark() -> None:
    """Raise InputError where pyspark or a Java that is new enough for it is missing, with the command that installs."""
    if find_spec("pyspark") is None:
        raise InputError("--engine spark: pyspark is not installed; run `pip install 'tastetune[spark]'`")
    java = (os.environ.get("JAVA_HOME", "") and f"{os.environ['JAVA_HOME']}/bin/java") or shutil.which("java")
    version = _version(java) if java else None
    if version is None or version < JAVA:
        there = f"{java} is {f'Java {version}' if version else 'none that runs'}" if java else "none is on the path"
        raise InputError(
            f"--engine spark: Spark runs on Java {JAVA} or newer, and {there}; run `apt-get install "
            f"openjdk-{JAVA}-jre-headless`, or name its folder by JAVA_HOME"
        )


def _version(java: str) -> int | None:
    """The first number of what a Java says of itself: 17 of `openjdk version "17.0.15"`."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return None
    number = re.search(r'version "(\d+)', told)
    return int(number[1]) if number else None


def _write(interactions: ir.Table, path: Path) -> None:
    stream = batches(interactions)
    first = next(stream)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_batch(first)
        for batch in stream:
            writer.write_batch(batch)


@contextmanager
def _session(master: str | None, scratch: Path) -> Iterator[ibis.BaseBackend]:
    from pyspark.sql import SparkSession

    builder: SparkSession.Builder = SparkSession.builder.master(master or "local[*]").appName("tastetune")
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if master is None:  # Spark's own 200 suit a cluster; here each is a task to start
        settings["spark.sql.shuffle.partitions"] = str(2 * (os.cpu_count() or 1))
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.conf.set(SCRATCH, str(scratch))
    try:
        yield ibis.pyspark.connect(session)
    finally:
        session.catalog.clearCache()
