"""What TRL's trainers are given, and the record of a run."""
