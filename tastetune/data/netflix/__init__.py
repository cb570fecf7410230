"""The Netflix Prize's files."""
