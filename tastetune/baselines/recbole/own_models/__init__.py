"""Models that RecBole lacks, or trains otherwise, for its trainer."""
