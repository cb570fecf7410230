"""From a file as it lies on disk, of nearly any format, to a table of strings that knows the line of each row."""
