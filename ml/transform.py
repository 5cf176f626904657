"""Named transformations of one raw feature: data that can be stored, read back and checked.

Standard library only: the API process transforms with them, training (``ml.risk``) reads their `ClipForm`.
"""

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class ScorecardRefused(ValueError):  # noqa: N818 - a refusal
    """A scorecard that must not be used: an unknown feature, a protected attribute, a number that is none.

    Attributes
    ----------
    code : str
        "unknown_feature", "protected_feature", or "malformed_scorecard" for anything else.
    """

    def __init__(self, message: str, code: str = "malformed_scorecard") -> None:
        super().__init__(message)
        self.code = code


class ClipForm(NamedTuple):
    """What every transformation comes down to: ``f(clip((x - centre) / scale, low, high))``.

    ``f`` is the natural logarithm where `logarithm` is true, else the identity. One form, so that the plain
    Python of serving and the arrays of training cannot drift apart.
    """

    centre: float
    scale: float
    low: float
    high: float
    logarithm: bool


_KINDS: Mapping[str, tuple[frozenset[str], Callable[..., ClipForm]]] = {
    "cap": (frozenset({"at"}), lambda at: ClipForm(0.0, 1.0, 0.0, at, False)),
    "log1p": (frozenset(), lambda: ClipForm(-1.0, 1.0, 1.0, sys.float_info.max, True)),
    "log_clip": (
        frozenset({"offset", "scale", "low", "high"}),
        lambda offset, scale, low, high: ClipForm(-offset, scale, low, high, True),
    ),
    "share": (frozenset(), lambda: ClipForm(0.0, 1.0, 0.0, 1.0, False)),
    "flag": (frozenset(), lambda: ClipForm(0.0, 1.0, 0.0, 1.0, False)),
    "linear": (
        frozenset({"centre", "scale", "limit"}),
        lambda centre, scale, limit: ClipForm(centre, scale, -limit, limit, False),
    ),
    "shortfall": (frozenset({"below"}), lambda below: ClipForm(below, -below, 0.0, 1.0, False)),
}


@dataclass(frozen=True, slots=True)
class Transform:
    """A named, serialisable transformation of one raw feature.

    Parameters
    ----------
    kind : str
        ``cap`` min(x, at) for counts; ``log1p`` ln(1 + x);
        ``log_clip`` ln(clip((x + offset) / scale, low, high)); ``share`` and ``flag`` x within [0, 1];
        ``linear`` clip((x - centre) / scale, -limit, limit); ``shortfall`` max(0, below - x) / below.
    parameters : tuple of (str, float)
        Exactly the parameters the kind names, in any order.

    Raises
    ------
    ScorecardRefused
        Unknown kind, missing or foreign parameters, a number that is not finite, a clip without room.

    Examples
    --------
    >>> Transform.of("cap", at=6)(9.0)
    6.0
    >>> round(Transform.of("shortfall", below=7)(3.5), 3)
    0.5
    """

    kind: str
    parameters: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ScorecardRefused(f"unknown transformation {self.kind!r}")
        names = [name for name, _ in self.parameters]
        if len(names) != len(set(names)) or set(names) != _KINDS[self.kind][0]:
            raise ScorecardRefused(f"{self.kind} takes {sorted(_KINDS[self.kind][0])}, got {sorted(names)}")
        if not all(math.isfinite(value) for _, value in self.parameters):
            raise ScorecardRefused(f"{self.kind}: a parameter is not a finite number")
        form = self.clip_form()
        if form.scale == 0 or form.low >= form.high or (form.logarithm and form.low <= 0):
            raise ScorecardRefused(f"{self.kind}: the parameters leave no room between low and high")

    @classmethod
    def of(cls, kind: str, **parameters: float) -> "Transform":
        """Build from keyword parameters, stored as floats."""
        return cls(kind, tuple((name, float(value)) for name, value in parameters.items()))

    def clip_form(self) -> ClipForm:
        """Return the five numbers that define the arithmetic."""
        return _KINDS[self.kind][1](**dict(self.parameters))

    def compile(self) -> Callable[[float], float]:
        """Return a fast function of one number; NaN in gives NaN out, so the caller can refuse it."""
        centre, scale, low, high, logarithm = self.clip_form()

        def apply(x: float) -> float:
            u = (x - centre) / scale
            if u < low:
                u = low
            elif u > high:
                u = high
            return math.log(u) if logarithm else u

        return apply

    def __call__(self, x: float) -> float:
        """Transform one number; `compile` once where many follow."""
        return self.compile()(x)

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"kind": …, parameter: number, …}``."""
        return {"kind": self.kind, **dict(self.parameters)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Transform":
        """Read what `to_dict` wrote; raise `ScorecardRefused` for anything else."""
        parameters = {name: finite_number(name, value) for name, value in document.items() if name != "kind"}
        return cls(str(document.get("kind")), tuple(parameters.items()))


def finite_number(name: str, value: object) -> float:
    """Return a JSON value as a finite float; raise `ScorecardRefused` for booleans, texts and infinities."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScorecardRefused(f"{name}: {value!r} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ScorecardRefused(f"{name}: not a finite number")
    return number
