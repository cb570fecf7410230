"""How long the windows are in which a language model reads a stream of ratings."""

from dataclasses import dataclass

from tastetune.errors import InputError


@dataclass(frozen=True)
class WindowLimits:
    """How much of a user's stream of ratings is read together, see `tastetune.tasks.streams.windows`.

    Attributes:
        ratings: the most in one window.
        min_past: how many at least stand before one that is asked, where the user has so many.
        tokens: the most in one window; None for no limit.

    Raises:
        InputError: a window would hold nothing to ask.
    """

    ratings: int = 40
    min_past: int = 10
    tokens: int | None = None

    def __post_init__(self):
        if self.ratings <= self.min_past:
            raise InputError(
                f"stream_window is {self.ratings} and stream_min_past {self.min_past}: behind those a window has no "
                "rating to ask; make the window longer"
            )
