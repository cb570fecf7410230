"""Recommenders trained by RecBole, which this package alone imports."""
