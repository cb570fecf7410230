"""Intervals drawn as bars in the cells of a table."""

from collections.abc import Iterable, Mapping

from markupsafe import Markup


class Bars:
    """Several estimates' intervals as bars on one scale, from the lowest end to the highest."""

    def __init__(self, estimates: Iterable[Mapping]):
        ends = [e[key] for e in estimates for key in ("low", "value", "high") if e[key] is not None]
        self.low, self.high = (min(ends), max(ends)) if ends else (0.0, 1.0)

    def bar(self, estimate: Mapping) -> Markup:
        """One bar: the interval as a band, the value as a dot."""
        if estimate["value"] is None:
            return Markup("")
        band = ""
        if estimate["low"] is not None:
            low, high = self._at(estimate["low"]), self._at(estimate["high"])
            band = f'<i style="left:{low}%;width:{high - low:.1f}%"></i>'
        return Markup(f'<span class="bar">{band}<b style="left:{self._at(estimate["value"])}%"></b></span>')

    def _at(self, value: float) -> float:
        return round(100 * (value - self.low) / ((self.high - self.low) or 1), 1)


def probe_bars(probes: list[dict]) -> Bars:
    """One scale for every share that probes recalled, from none on."""
    forms = [form for probe in probes for form in probe["forms"]]
    parts = [part["recalled"] for form in forms for part in form["popularity"]]
    none = {"low": 0.0, "value": 0.0, "high": 0.0}
    return Bars([none, *(form[key] for form in forms for key in ("recalled", "neutral")), *parts])


def explanation_bars(explanations: list[dict]) -> Bars:
    """One scale for every fall of a probability, and for the difference of two."""
    none = {"low": 0.0, "value": 0.0, "high": 0.0}
    return Bars([none, *(of[key] for of in explanations for key in ("fall", "fall_others", "difference"))])
