#!/usr/bin/env bash
# The main job on the embedded ml-100k, from ratings to one honest table, on two CPU cores in about twelve minutes.
#
#   make quickstart
#
# Starts anew each time: outputs/quickstart is emptied first.
set -euo pipefail
cd "$(dirname "$0")/.."

out=outputs/quickstart recipe=recipes/quickstart/stream.yaml
# Waiting threads that spin starve the working ones on few cores; freed memory is kept for the next training step
export OMP_WAIT_POLICY=PASSIVE MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=2147483648
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
launch() { accelerate launch --config_file recipes/accelerate/cpu.yaml "$@"; }
stage() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

rm -rf "$out"

stage "Rows: ml-100k as prompts with answers"
python data_builders/ml100k.py --output_dir $out/data

stage "A stand-in language model, for no weights are downloaded here"
launch scripts/pretrain.py recipes/quickstart/pretrain.yaml

stage "Fine-tuning: QLoRA on streams, every training rating once"
launch scripts/sft.py $recipe

stage "The language model's answers: as it comes, and fine-tuned"
python scripts/predict.py $recipe

stage "The recommenders' answers to the same rows"
python scripts/baseline.py $recipe

stage "One table"
python scripts/score.py $recipe

stage "Done: $out/leaderboard.md"
cat $out/leaderboard.md
