"""Rows and answers to scores, with intervals and paired differences. Imports neither torch nor RecBole."""
