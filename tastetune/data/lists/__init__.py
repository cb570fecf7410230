"""From a log to lists of ten: who gets one, what its gold is, and the dataset folder that holds them."""
