"""Scores to the leaderboard, plots, the report and cards. No figure of a model comes from anywhere else."""
