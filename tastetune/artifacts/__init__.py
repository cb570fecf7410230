"""The files that stages meet in, each read and written in one place."""
