"""tastetune: does a fine-tuned language model know what a person will like?"""

__version__ = "0.1.0"
