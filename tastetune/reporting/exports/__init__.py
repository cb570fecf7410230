"""Scores in the form of Every Eval Ever: a JSON a model, and a line of JSON for every row that it answered."""
