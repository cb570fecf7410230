"""Models without learning of taste. They import neither torch nor RecBole."""
