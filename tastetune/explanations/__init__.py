"""Whether a model's reasons hold."""
