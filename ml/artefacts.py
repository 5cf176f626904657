"""Challengers as bytes and back: skops with a fixed list of types, never a pickle.

Only a worker loads this room: it stands on scikit-learn. The champion's format is JSON and lives in `ml.scoring`.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256 as hashed
from importlib.metadata import version
from typing import Any

import numpy as np
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.challenger import Calibration, Challenger
from ml.scorecard import Scorecard, Term
from ml.scoring import ArtefactRefused
from ml.transform import ScorecardRefused, finite_number

FORMAT = 1
KIND = "steadfast.challenger"
LIBRARIES = ("scikit-learn", "numpy", "skops")
LARGEST = 64 * 1024 * 1024
"""Bytes an archive may hold unpacked; a challenger has about a million."""

_TREE = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
ALLOWED = frozenset(
    {
        ("builtins.dict", "DictNode"),
        ("builtins.list", "ListNode"),
        ("builtins.str", "JsonNode"),
        ("builtins.str", "TypeNode"),
        ("builtins.tuple", "TupleNode"),
        ("numpy.ndarray", "NdArrayNode"),
        ("numpy.uint64", "NdArrayNode"),
        ("numpy.random._generator.Generator", "RandomGeneratorNode"),
        ("sklearn._loss._loss.CyHalfBinomialLoss", "LossNode"),
        ("sklearn._loss.link.Interval", "ObjectNode"),
        ("sklearn._loss.link.LogitLink", "ObjectNode"),
        ("sklearn._loss.loss.HalfBinomialLoss", "ObjectNode"),
        ("sklearn.ensemble._hist_gradient_boosting.binning._BinMapper", "ObjectNode"),
        ("sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier", "ObjectNode"),
        ("sklearn.preprocessing._label.LabelEncoder", "ObjectNode"),
        (_TREE, "ObjectNode"),
    }
)
"""Types an archive may name, each with the one way it may be built. All else is refused before anything is built."""

_SIZES = ("horizon_days", "gap_days", "n_customers", "n_departures")
_FIELDS = {"kind", "format", "libraries", "archive_sha256", "terms", "calibration", *_SIZES}


@dataclass(frozen=True, slots=True)
class Artefact:
    """A challenger as it is stored.

    Attributes
    ----------
    content : bytes
        One line of JSON (kind, format, terms, calibration, sizes, libraries, hash of the rest) and a skops archive.
    sha256 : str
        Of `content`, hexadecimal.
    libraries : dict of str to str
        Versions it was written with: scikit-learn, numpy, skops.
    """

    content: bytes
    sha256: str
    libraries: dict[str, str]


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries a challenger is written with."""
    return {name: version(name) for name in LIBRARIES}


def pack(challenger: Challenger) -> Artefact:
    """Return a challenger as bytes with their hash and the versions that wrote them."""
    archive = skops.io.dumps(challenger.boosting, compression=zipfile.ZIP_DEFLATED)
    libraries = library_versions()
    header = {
        "kind": KIND,
        "format": FORMAT,
        "libraries": libraries,
        "archive_sha256": hashed(archive).hexdigest(),
        "terms": [term.to_dict() for term in challenger.scorecard.terms],
        "calibration": challenger.calibration._asdict(),
        **{name: getattr(challenger, name) for name in _SIZES},
    }
    content = json.dumps(header, allow_nan=False).encode() + b"\n" + archive
    return Artefact(content, hashed(content).hexdigest(), libraries)


def unpack(content: bytes, sha256: str) -> Challenger:
    """Read what `pack` wrote.

    Parameters
    ----------
    content : bytes
    sha256 : str
        The hash registered with it, hexadecimal.

    Raises
    ------
    ml.scoring.ArtefactRefused
        Bytes that are not those registered, a pickle, another kind of document, a newer format, a type that is not on
        the list, another release of scikit-learn, a tree that points outside itself, a scorecard that is refused.

    Notes
    -----
    Nothing is built before every type named in the archive, and the way it says to build it, stands in `ALLOWED`; skops
    then trusts its own list and the one private type of scikit-learn that it does not know.
    """
    if hashed(content).hexdigest() != sha256:
        raise ArtefactRefused("the artefact is not the one that was registered: train again or restore it")
    try:
        return _read(content)
    except ArtefactRefused:
        raise
    except ScorecardRefused as error:
        raise ArtefactRefused(f"the challenger's scorecard was refused: {error}") from error
    except Exception as error:  # whatever an archive contrives to raise, it is refused, and the champion serves on
        raise ArtefactRefused(f"the artefact is corrupt: {type(error).__name__}") from error


def _read(content: bytes) -> Challenger:
    header, archive = _header(content)
    boosting = _boosting(archive)
    sizes: dict[str, int] = {name: _whole(header, name) for name in _SIZES}
    if not 0 <= sizes["n_departures"] <= sizes["n_customers"]:
        raise ArtefactRefused("more departures than customers")
    challenger = Challenger(
        scorecard=Scorecard(tuple(Term.from_dict(item) for item in header["terms"])),
        boosting=boosting,
        calibration=_calibration(header["calibration"]),
        **sizes,
    )
    _check_trees(boosting)
    return challenger


def _header(content: bytes) -> tuple[dict[str, Any], bytes]:
    if content.startswith(b"\x80"):
        raise ArtefactRefused("a pickle is never read")
    line, _, archive = content.partition(b"\n")
    header = json.loads(line)
    if not isinstance(header, dict) or header.get("kind") != KIND:
        raise ArtefactRefused("not a challenger")
    if _whole(header, "format") > FORMAT:
        raise ArtefactRefused(f"format {header['format']} is newer than this program reads ({FORMAT}): upgrade it")
    if header["format"] != FORMAT or set(header) != _FIELDS:
        raise ArtefactRefused(f"format {FORMAT} has exactly the fields {sorted(_FIELDS)}")
    if hashed(archive).hexdigest() != header["archive_sha256"]:
        raise ArtefactRefused("the archive is not the one its first line names")
    written, here = header["libraries"]["scikit-learn"], version("scikit-learn")
    if _release(written) != _release(here):
        raise ArtefactRefused(f"written by scikit-learn {written}, and this is {here}: train again")
    return header, archive


def _release(text: str) -> list[str]:
    return text.split(".")[:2]


def _boosting(archive: bytes) -> HistGradientBoostingClassifier:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > LARGEST:
            raise ArtefactRefused(f"the archive holds more than {LARGEST} bytes")
        schema = json.loads(packed.read("schema.json"))
    if strange := sorted({f"{named} by {how}" for named, how in _types(schema)} - _ALLOWED_WORDS):
        raise ArtefactRefused(f"the archive names what is never built: {', '.join(strange)}")
    boosting = skops.io.loads(archive, trusted=[_TREE])
    if not isinstance(boosting, HistGradientBoostingClassifier):
        raise ArtefactRefused("the archive holds no gradient boosting")
    return boosting


_ALLOWED_WORDS = {f"{named} by {how}" for named, how in ALLOWED}


def _types(node: Any) -> Iterator[tuple[str, str]]:
    """Give every type a schema names and the way it is to be built; a node that names half of it is strange too."""
    if isinstance(node, dict):
        if {"__class__", "__module__", "__loader__"} & set(node):
            yield f"{node.get('__module__')}.{node.get('__class__')}", str(node.get("__loader__"))
        for part in node.values():
            yield from _types(part)
    elif isinstance(node, list):
        for part in node:
            yield from _types(part)


def _check_trees(boosting: HistGradientBoostingClassifier) -> None:
    """Refuse a tree that would lead outside itself: scoring follows its numbers without looking."""
    for stage in boosting._predictors:  # noqa: SLF001 - scikit-learn shows its trees nowhere else
        for tree in stage:
            nodes = tree.nodes
            inner = nodes[nodes["is_leaf"] == 0]
            at = np.flatnonzero(nodes["is_leaf"] == 0)
            ends = np.concatenate([inner["left"], inner["right"]])
            inside = (ends > np.tile(at, 2)) & (ends < len(nodes))
            columns = (inner["feature_idx"] >= 0) & (inner["feature_idx"] < boosting.n_features_in_)
            if not len(nodes) or not inside.all() or not columns.all() or inner["is_categorical"].any():
                raise ArtefactRefused("a tree of the challenger leads outside itself")


def _calibration(document: Any) -> Calibration:
    given, meant = (tuple(finite_number(name, value) for value in document[name]) for name in ("given", "meant"))
    method = document["method"]
    sigmoid = method == "sigmoid" and len(given) == 2 and not meant  # noqa: PLR2004 - slope and intercept
    rising = all(list(values) == sorted(values) for values in (given, meant))
    isotonic = method == "isotonic" and 0 < len(given) == len(meant) and rising and 0 < meant[0] <= meant[-1] < 1
    if not (sigmoid or isotonic):
        raise ArtefactRefused("the calibration is neither a logistic curve nor rising steps")
    return Calibration(method, given, meant)


def _whole(document: dict[str, Any], name: str) -> int:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArtefactRefused(f"{name} is a whole number")
    return value
