"""One person's own list, and what models say of it."""
