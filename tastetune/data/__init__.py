"""From a log of ratings to a dataset folder."""
