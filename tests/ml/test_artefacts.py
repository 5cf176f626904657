"""A stored challenger comes back whole; whatever else is offered in its place is refused before anything is built."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from ml import artefacts
from ml.artefacts import Artefact, library_versions, pack, unpack
from ml.challenger import Calibration, Challenger, challenger_scores, fit_challenger
from ml.scorecard import scorecard_for
from ml.scoring import ArtefactRefused
from tests.ml.test_challenger import drawn


@pytest.fixture(scope="module")
def challenger() -> Challenger:
    return fit_challenger(scorecard_for(["late"]), *drawn(1_000), horizon_days=90, gap_days=7)


@pytest.fixture(scope="module")
def stored(challenger: Challenger) -> Artefact:
    return pack(challenger)


def read(content: bytes) -> Challenger:
    """Read bytes registered as they are."""
    return unpack(content, sha256(content).hexdigest())


def with_header(stored: Artefact, **changed: Any) -> bytes:
    line, _, archive = stored.content.partition(b"\n")
    return json.dumps({**json.loads(line), **changed}).encode() + b"\n" + archive


def with_archive(stored: Artefact, archive: bytes) -> bytes:
    header = with_header(stored, archive_sha256=sha256(archive).hexdigest()).partition(b"\n")[0]
    return header + b"\n" + archive


def with_schema(stored: Artefact, change: Callable[[Any], None]) -> bytes:
    """Change what the archive says is to be built."""
    packed, out = zipfile.ZipFile(io.BytesIO(stored.content.partition(b"\n")[2])), io.BytesIO()
    with zipfile.ZipFile(out, "w") as changed:
        for entry in packed.namelist():
            content = packed.read(entry)
            if entry == "schema.json":
                schema = json.loads(content)
                change(schema)
                content = json.dumps(schema).encode()
            changed.writestr(entry, content)
    return with_archive(stored, out.getvalue())


def test_it_comes_back_whole(challenger: Challenger, stored: Artefact) -> None:
    back = unpack(stored.content, stored.sha256)
    columns, _, _ = drawn(500, seed=3)
    np.testing.assert_array_equal(challenger_scores(challenger, columns), challenger_scores(back, columns))
    assert back.card == challenger.card
    assert stored.libraries == library_versions()
    assert set(stored.libraries) == {"scikit-learn", "numpy", "skops"}


def test_isotonic_steps_come_back_whole(challenger: Challenger) -> None:
    steps = Calibration("isotonic", (-1.0, 0.5), (0.1, 0.3))
    whole = Challenger(challenger.scorecard, challenger.boosting, steps, 90, 7, 3, 2)
    stored = pack(whole)
    assert unpack(stored.content, stored.sha256).calibration == steps


def test_other_bytes_than_those_registered_are_refused(stored: Artefact) -> None:
    with pytest.raises(ArtefactRefused, match="not the one that was registered"):
        unpack(stored.content[:-1], stored.sha256)


def test_a_changed_archive_is_refused_though_its_hash_was_registered(stored: Artefact) -> None:
    with pytest.raises(ArtefactRefused, match="not the one its first line names"):
        read(stored.content[:-1])


class Shell:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a pickle was read",)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_is_never_read(stored: Artefact, protocol: int) -> None:
    bad = pickle.dumps(Shell(), protocol=protocol)
    for content in (bad, with_archive(stored, bad)):
        with pytest.raises(ArtefactRefused):
            read(content)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "newer than this program reads"),
        ({"format": 0}, "has exactly the fields"),
        ({"format": True}, "whole number"),
        ({"kind": "steadfast.risk"}, "not a challenger"),
        ({"more": 1}, "has exactly the fields"),
        ({"libraries": {"scikit-learn": "0.24.1"}}, "written by scikit-learn 0.24.1"),
        ({"libraries": {}}, "corrupt"),
        ({"n_departures": 10**9}, "more departures than customers"),
        ({"horizon_days": "90"}, "whole number"),
        ({"terms": []}, "another number of columns"),
        ({"terms": None}, "corrupt"),
        ({"calibration": {"method": "sigmoid", "given": [1.0], "meant": []}}, "neither"),
        ({"calibration": {"method": "isotonic", "given": [1.0, 0.0], "meant": [0.1, 0.2]}}, "neither"),
        ({"calibration": {"method": "isotonic", "given": [], "meant": []}}, "neither"),
        ({"calibration": {"method": "isotonic", "given": [0.0], "meant": [1.0]}}, "neither"),
        ({"calibration": {"method": "eval", "given": [1.0, 0.0], "meant": []}}, "neither"),
        ({"calibration": {"method": "sigmoid", "given": ["1", 0.0], "meant": []}}, "not a number"),
    ],
)
def test_a_foreign_or_newer_document_is_refused(stored: Artefact, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ArtefactRefused, match=said):
        read(with_header(stored, **change))


def test_a_protected_feature_is_refused(stored: Artefact) -> None:
    terms = json.loads(stored.content.partition(b"\n")[0])["terms"]
    terms[0]["feature"] = "attribute:gender"
    with pytest.raises(ArtefactRefused, match="protected"):
        read(with_header(stored, terms=terms))


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]\n", b"\xff\xfe\n", b"not json\n", b"{" * 100_000])
def test_what_is_no_artefact_is_refused(content: bytes) -> None:
    with pytest.raises(ArtefactRefused):
        read(content)


def test_another_estimator_is_refused_by_name(stored: Artefact) -> None:
    other = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ArtefactRefused, match=r"never built: .*LogisticRegression by ObjectNode"):
        read(with_archive(stored, skops.io.dumps(other)))


def test_allowed_types_that_make_no_boosting_are_refused(stored: Artefact) -> None:
    with pytest.raises(ArtefactRefused, match="no gradient boosting"):
        read(with_archive(stored, skops.io.dumps({"a": "b"})))


@pytest.mark.parametrize(
    "node",
    [
        {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"},
        {"__class__": "dict", "__module__": "builtins", "__loader__": "OperatorFuncNode"},
        {"__class__": "dict", "__loader__": "DictNode"},
    ],
)
def test_a_type_that_is_not_on_the_list_is_never_built(stored: Artefact, node: dict[str, Any]) -> None:
    with pytest.raises(ArtefactRefused, match="never built"):
        read(with_schema(stored, lambda schema: schema["content"].update(strange=[node])))


def test_an_archive_that_unpacks_to_too_much_is_refused(stored: Artefact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "LARGEST", 1_000)
    with pytest.raises(ArtefactRefused, match="more than 1000 bytes"):
        unpack(stored.content, stored.sha256)


@pytest.mark.parametrize(
    ("column", "value"),
    [("left", 10_000), ("right", 0), ("feature_idx", 99), ("feature_idx", -1), ("is_categorical", 1)],
)
def test_a_tree_that_leads_outside_itself_is_refused(stored: Artefact, column: str, value: int) -> None:
    challenger = unpack(stored.content, stored.sha256)
    nodes = challenger.boosting._predictors[0][0].nodes
    assert not nodes["is_leaf"][0]
    nodes[column][0] = value
    changed = pack(challenger)
    with pytest.raises(ArtefactRefused, match="leads outside itself"):
        unpack(changed.content, changed.sha256)
