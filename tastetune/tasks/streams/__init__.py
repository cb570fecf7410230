"""A user's ratings as one text: its lines, and the windows and passages that a language model reads."""
