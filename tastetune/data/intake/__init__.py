"""What somebody's own log means: which column is what, which scale, which times, and what a person has to say."""
