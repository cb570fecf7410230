"""One person's own list, answered by models that were trained on other people's ratings."""
