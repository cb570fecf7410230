"""A language model that is asked: loading it, how a task's rows are asked, and how its answers are read."""
