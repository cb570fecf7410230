"""Line charts as inline SVG: no script, no font, no colour of their own, so that a page's style can theme them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

COLOURS = 8
"""Classes `series-0` … `series-7` name colours; from the ninth series on, lines are dashed."""

_WIDTH, _HEIGHT = 460, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 12, 50


@dataclass(frozen=True)
class Series:
    """One line.

    Attributes:
        name: shown when pointed at, and the key that a legend hides it by.
        points: (x, y), in the order in which they are joined.
        intervals: (low, high) of each point's y, None where there is none; empty for no intervals.
        dots: mark the points.
    """

    name: str
    points: Sequence[tuple[float, float]]
    intervals: Sequence[tuple[float, float] | None] = field(default=())
    dots: bool = False


@dataclass(frozen=True)
class Axis:
    """`title`, ends, and whether the scale is logarithmic (then both ends are positive)."""

    title: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    def place(self, value: float) -> float:
        """Where `value` stands, 0 at the low end and 1 at the high one."""
        low, high, value = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return 0.5 if high == low else (value - low) / (high - low)

    def ticks(self) -> list[tuple[float, str]]:
        """Values to mark, and their text."""
        if self.log:
            powers = range(math.ceil(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
            step = max(1, math.ceil(len(powers) / 6))
            return [(10.0**power, _power(power)) for power in powers[::step]]
        step = 10 ** math.floor(math.log10(self.high - self.low))
        step = next(step * part for part in (0.1, 0.2, 0.5, 1, 2) if (self.high - self.low) / (step * part) <= 7)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [(k * step, f"{k * step:.{max(0, -math.floor(math.log10(step)))}f}") for k in range(first, last + 1)]


def chart(label: str, x: Axis, y: Axis, series: Sequence[Series], diagonal: bool = False) -> Markup:
    """A line chart; `label` is what a screen reader says, `diagonal` the line of equal x and y.

    Series are coloured in their order, with the classes named by `COLOURS`; one without points keeps its colour.
    """
    parts = [_grid(x, y)]
    if diagonal:
        parts.append(f'<path class="diagonal" d="{_path(x, y, [(x.low, y.low), (x.high, y.high)])}"/>')
    parts += [_line(x, y, line, number) for number, line in enumerate(series) if line.points]
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    return Markup(f'<svg class="chart" {box} role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>')


def _line(x: Axis, y: Axis, line: Series, number: int) -> str:
    dashed = " dashed" if number >= COLOURS else ""
    parts = [f'<path d="{_path(x, y, line.points)}"/>']
    for (px, _), interval in zip(line.points, line.intervals, strict=False):
        if interval:
            parts.append(f'<path class="interval" d="{_path(x, y, [(px, interval[0]), (px, interval[1])])}"/>')
    if line.dots:
        parts += [f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="3.5"/>' for cx, cy in (_at(x, y, p) for p in line.points)]
    name = escape(line.name)
    inner = f"<title>{name}</title>{''.join(parts)}"
    return f'<g class="series series-{number % COLOURS}{dashed}" data-series="{name}">{inner}</g>'


def _grid(x: Axis, y: Axis) -> str:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for value, text in x.ticks():
        at, _ = _at(x, y, (value, y.low))
        parts.append(f'<path class="grid" d="M{at:.1f} {_TOP}V{bottom}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{text}</text>')
    for value, text in y.ticks():
        _, at = _at(x, y, (x.low, value))
        parts.append(f'<path class="grid" d="M{_LEFT} {at:.1f}H{right}"/>')
        parts.append(f'<text x="{_LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{text}</text>')
    middle = (_LEFT + right) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(x.title)}</text>')
    turned = f'transform="translate(14 {(_TOP + bottom) / 2}) rotate(-90)"'
    parts.append(f'<text {turned} text-anchor="middle">{escape(y.title)}</text>')
    return "".join(parts)


def _path(x: Axis, y: Axis, points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in (_at(x, y, point) for point in points))


def _at(x: Axis, y: Axis, point: tuple[float, float]) -> tuple[float, float]:
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    return _LEFT + width * x.place(point[0]), _TOP + height * (1 - y.place(point[1]))


def _power(power: int) -> str:
    return {0: "1", 1: "10", 2: "100", 3: "1,000"}.get(power) or f'10<tspan dy="-5" font-size="9">{power}</tspan>'
