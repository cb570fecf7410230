"""What a person writes, a recipe or flags, made into typed settings."""
