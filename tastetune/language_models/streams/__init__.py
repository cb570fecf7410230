"""Ratings written as streams: their tokens, the rows that a model is trained on, and the answers it gives."""
