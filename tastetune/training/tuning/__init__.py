"""A fine-tuning recipe's settings, chosen on validation by the search that the baselines use."""
