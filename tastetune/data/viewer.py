"""What a dataset's card tells the Hub's viewer and its search: which files are which split, columns, and sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tastetune.artifacts.dataset.shards import Written

SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "n>1B")
"""How the Hub calls a number of rows."""


@dataclass(frozen=True)
class Config:
    """One config of a dataset: its splits as they were written, by name."""

    name: str
    splits: Mapping[str, Written]


def metadata(configs: list[Config]) -> str:
    """The card's `configs`, `dataset_info` and `size_categories`, as YAML; the first config is the default one."""
    rows = sum(part.rows for name, part in configs[0].splits.items() if name != "test_sample")
    size = SIZES[min(len(str(rows)) - 3 if rows >= 1000 else 0, len(SIZES) - 1)]
    content = {
        "size_categories": [size],
        "configs": [_files(config) | ({"default": True} if config is configs[0] else {}) for config in configs],
        "dataset_info": [_info(config) for config in configs],
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _files(config: Config) -> dict:
    files = [{"split": name, "path": _path(config.name, name, part.paths)} for name, part in config.splits.items()]
    return {"config_name": config.name, "data_files": files}


def _path(config: str, split: str, paths: list[Path]) -> str:
    return f"{config}/{split}-*.parquet" if len(paths) > 1 else f"{config}/{paths[0].name}"


def _info(config: Config) -> dict:
    schema = pq.read_schema(next(iter(config.splits.values())).paths[0])
    splits = [{"name": n, "num_bytes": part.bytes, "num_examples": part.rows} for n, part in config.splits.items()]
    return {
        "config_name": config.name,
        "features": [_feature(field.name, field.type) for field in schema],
        "splits": splits,
        "download_size": sum(path.stat().st_size for part in config.splits.values() for path in part.paths),
        "dataset_size": sum(part.bytes for part in config.splits.values()),
    }


def _feature(name: str, kind: pa.DataType) -> dict:
    """A column as `datasets` writes it on cards."""
    if pa.types.is_list(kind):
        inner = kind.value_type
        if pa.types.is_struct(inner):
            return {"name": name, "list": [_feature(field.name, field.type) for field in inner]}
        return {"name": name, "list": _dtype(inner)}
    return {"name": name, "dtype": _dtype(kind)}


def _dtype(kind: pa.DataType) -> str:
    return {"double": "float64"}.get(str(kind), str(kind))
