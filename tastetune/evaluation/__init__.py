"""Rows and answers -> scores, with intervals and paired differences. Imports neither torch nor RecBole."""
