"""Gold lists of what people went on to like, and lists as rows of a dataset."""
