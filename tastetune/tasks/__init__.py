"""One file a task: the prompt, its completion and the parser of an answer, side by side so that they cannot drift."""
