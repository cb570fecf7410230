"""Merge an adapter into its base model: one ordinary model folder, for vLLM, Ollama or llama.cpp.

    python scripts/merge.py outputs/ml1m/adapter outputs/ml1m/merged
    python scripts/merge.py outputs/ml1m/adapter outputs/ml1m/merged --dtype bfloat16 --gguf
    python scripts/merge.py my-org/ml1m-adapter models/merged --dataset_name outputs/ml1m/data

The base model is the one that the adapter's run names, in full precision, even where the adapter was trained on it in
4 bits. Those are other weights, so the merged model is not the same: both answer 200 rows of the run's dataset, and the
largest difference is printed and stands on the merged model's card. What is there already of the same adapter is kept,
and a folder that holds anything else is never replaced.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from tastetune.errors import run


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("adapter", help="the folder that scripts/sft.py wrote, one of its checkpoints, or a Hub id")
    parser.add_argument("folder", type=Path, help="where the merged model goes")
    parser.add_argument("--model_name_or_path", help="the base model, where it lies elsewhere than the run says")
    parser.add_argument("--dataset_name", help="whose rows are compared (default: data in the run's folder)")
    parser.add_argument(
        "--dtype", choices=("float32", "bfloat16", "float16"), help="of its weights (default: the base's)"
    )
    parser.add_argument("--gguf", action="store_true", help="write a GGUF file into the folder too, of Llamas alone")
    parser.add_argument("--force", action="store_true", help="write it anew, in place of another merged model")
    args = parser.parse_args()

    # Not before the flags are read: it loads torch, which takes seconds
    from tastetune.language_models.gguf.exporting import check_exportable, export_gguf
    from tastetune.language_models.loading import load_config
    from tastetune.language_models.merging.merge import merge
    from tastetune.language_models.merging.source import merge_source

    # 1. What is merged
    source = merge_source(args.adapter, args.model_name_or_path, args.dataset_name)
    if args.gguf:
        check_exportable(load_config(source.base))

    # 2. The merged model, and how far its answers lie from the adapter's
    merged = merge(source, args.folder, args.dtype, force=args.force)
    print(f"{'done already' if merged.was_there else 'model'}: {args.folder}, {merged.says}")

    # 3. The same as a GGUF file
    if args.gguf:
        print(f"gguf: {export_gguf(args.folder)}, read back with the same weights and probabilities")


if __name__ == "__main__":
    run(main)
