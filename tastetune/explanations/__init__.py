"""Why an item suits a person, in a language model's words, and whether those words tell what it went by."""
