"""How a language model writes and ranks lists out of a catalogue."""
