#!/usr/bin/env bash
# A real pretrained model on the embedded ml-100k: SmolLM2 135M as it comes, with 3 worked examples, and fine-tuned on
# every training rating once, beside the recommenders, on 2,000 test rows. Hours on two CPU cores, minutes on a GPU.
#
#   make pretrained
#   make pretrained SHORT=1   # 50 rows and 2 steps, to see that it runs, into outputs/smollm2-short
#
# What is there already is kept: started again after an interruption, it goes on.
set -euo pipefail
cd "$(dirname "$0")/.."

out=outputs/smollm2 rows=2000 cut=() baselines=()
if [ -n "${SHORT:-}" ]; then
    out=outputs/smollm2-short rows=50 baselines=(--only trivial svd)
    cut=(--max_steps 2 --warmup_steps 0 --save_steps 1 --total_train_batch_size 4 --per_device_train_batch_size 1)
    cut+=(--stream_window 15)
fi
run=(--run_dir "$out")
# Waiting threads that spin starve the working ones on few cores; freed memory is kept for the next training step
export OMP_WAIT_POLICY=PASSIVE MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=2147483648
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
# The settings for CPUs ask for none; without them accelerate takes the GPU that is there
where=(--config_file recipes/accelerate/cpu.yaml)
if command -v nvidia-smi >/dev/null; then where=(); fi
stage() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

stage "Rows: ml-100k as the published study's prompts"
if [ ! -e "$out/data/tastetune.json" ]; then
    python data_builders/ml100k.py --prompt_style published --test_sample $rows --output_dir "$out/data"
fi

stage "The recommenders' answers"
python scripts/baseline.py recipes/smollm2.yaml "${run[@]}" --split test_sample "${baselines[@]}"

stage "SmolLM2 as it comes, and with 3 worked examples"
python scripts/predict.py recipes/smollm2.yaml "${run[@]}" --split test_sample --only zero-shot 3-shot --checkpoints

stage "Fine-tuning on streams: every training rating once"
accelerate launch "${where[@]}" scripts/sft.py recipes/smollm2_stream.yaml "${run[@]}" --output_dir "$out/sft" "${cut[@]}"

stage "The fine-tuned model's answers, and those of streams without fine-tuning"
python scripts/predict.py recipes/smollm2_stream.yaml "${run[@]}" --output_dir "$out/sft" "${cut[@]}" --split test_sample

stage "One table"
python scripts/score.py recipes/smollm2.yaml "${run[@]}" --split test_sample

stage "Done: $out/test_sample/leaderboard.md"
cat "$out/test_sample/leaderboard.md"
