"""Streams of ratings: how their lines are written, and the lists that are asked behind them."""
