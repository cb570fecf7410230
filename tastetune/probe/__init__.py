"""What a language model knew of a catalogue before it was trained."""
