"""Make an ordinary model folder of a GGUF file, as Ollama and llama.cpp keep models.

    python scripts/import_gguf.py SmolLM2-135M-Instruct.Q4_1.gguf models/smollm2
    python scripts/import_gguf.py llama-3.2-1b-instruct.gguf models/llama --dtype bfloat16

The folder is what every recipe's model_name_or_path may name: unpacked weights, the tokenizer with its chat template,
and the configuration, which says which file it was made from. A quantised file stays as exact as it was, and no more
so. What is there already of the same file is kept. No code from the file is run.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from tastetune.errors import run


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="the GGUF file, of whatever name")
    parser.add_argument("folder", type=Path, help="where the model goes")
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32", help="of its weights")
    parser.add_argument("--sha256", metavar="DIGEST", help="refuse the file if its content has another digest")
    parser.add_argument("--force", action="store_true", help="write it anew, in place of a model of another GGUF file")
    args = parser.parse_args()

    # Not before the flags are read: it loads torch, which takes seconds
    from tastetune.language_models.gguf.importing import import_gguf

    if import_gguf(args.file, args.folder, args.dtype, sha256=args.sha256, force=args.force):
        print(f"model: {args.folder}, in {args.dtype}, from {args.file}")
    else:
        print(f"done already: {args.folder} holds this very model; --force writes it anew")


if __name__ == "__main__":
    run(main)
