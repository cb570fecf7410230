#!/usr/bin/env bash
# Top-10 lists on the embedded ml-100k, from ratings to one table, on two CPU cores in about ten minutes.
#
#   make quickstart-lists
#   make quickstart-lists SHORT=1   # few users and steps, to see that it runs, into outputs/quickstart-lists-short
#
# Starts anew each time: its folder is emptied first.
set -euo pipefail
cd "$(dirname "$0")/.."

out=outputs/quickstart-lists recipe=recipes/quickstart/top_n.yaml few=() cut=() run=() model=()
if [ -n "${SHORT:-}" ]; then
    out=outputs/quickstart-lists-short few=(--users 150) cut=(--max_steps 20 --warmup_steps 2)
    run=(--run_dir "$out") model=(--model_name_or_path "$out/model")
fi
# Waiting threads that spin starve the working ones on few cores; freed memory is kept for the next training step
export OMP_WAIT_POLICY=PASSIVE MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=2147483648
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
launch() { accelerate launch --config_file recipes/accelerate/cpu.yaml "$@"; }
stage() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

rm -rf "$out"

stage "Lists: ten favourites, and what the people who share them watched"
python data_builders/ml100k.py --output_dir "$out/ratings"
python data_builders/top_n.py --source "$out/ratings" --output_dir "$out/data" "${few[@]}"

stage "A stand-in language model, for no weights are downloaded here; it reads no rating of a test user"
launch scripts/pretrain.py recipes/quickstart/pretrain_top_n.yaml "${run[@]}" "${cut[@]}"

stage "Fine-tuning: QLoRA on chats, loss on the ten lines alone"
launch scripts/sft.py $recipe "${run[@]}" "${model[@]}" "${cut[@]}"

stage "The language model's lists: as it comes and fine-tuned, written freely, within the catalogue, and ranked"
python scripts/predict.py $recipe "${run[@]}" "${model[@]}"

stage "The recommenders' lists for the same users"
python scripts/baseline.py $recipe "${run[@]}"

stage "One table"
python scripts/score.py $recipe "${run[@]}"

stage "Done: $out/leaderboard.md"
cat "$out/leaderboard.md"
