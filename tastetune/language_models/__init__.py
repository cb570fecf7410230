"""A language model that is asked: loading it, and how its answers are read."""
