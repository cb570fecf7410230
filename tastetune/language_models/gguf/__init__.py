"""A GGUF file, as Ollama and llama.cpp keep models, made an ordinary model folder that everything else here reads."""

IMPORTED = "imported_from"
"""The key of a model's configuration that says which GGUF file it was made from."""
