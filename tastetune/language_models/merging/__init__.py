"""An adapter merged into its base model: one ordinary model folder, and how far its answers lie from the adapter's."""
