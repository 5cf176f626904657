"""One question or element of a Formbricks survey, and the questions of ours it becomes: none where there is no kind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.feedback.formbricks.places import Reading, key_of, listed

Element = Mapping[str, Any]
Question = dict[str, Any]

NO_SUCH_KIND: Mapping[str, str] = {
    "fileUpload": "Files are not taken.",
    "cal": "Appointments are not made.",
    "payment": "Payments are not taken.",
    "pictureSelection": "Choices are texts, not pictures.",
    "cta": "It asks nothing: its text and button are not shown.",
}
PARTS: Mapping[str, tuple[str, ...]] = {
    "contactInfo": ("firstName", "lastName", "email", "phone", "company"),
    "address": ("addressLine1", "addressLine2", "city", "state", "zip", "country"),
}
NOT_SHOWN: Mapping[str, tuple[str, str]] = {
    "imageUrl": ("picture", "Questions have no pictures."),
    "videoUrl": ("picture", "Questions have no films."),
    "placeholder": ("placeholder", "Fields have no example text."),
    "otherOptionPlaceholder": ("placeholder", "Fields have no example text."),
    "buttonLabel": ("button", "Buttons are worded by the page."),
    "backButtonLabel": ("button", "Buttons are worded by the page."),
    "validation": ("validation", "Only ranges and lengths are checked."),
}


@dataclass
class Known:
    """What is known of an element once it is read: its question's key and kind, and the keys of its choices by id."""

    key: str
    kind: str
    choices: dict[str, str] = field(default_factory=dict)


def questions_of(
    reading: Reading, pointer: str, element: Element, known: dict[str, Known], taken: set[str]
) -> list[Question]:
    """Return the questions an element becomes, and remember by its id what it is known as."""
    kind = str(element.get("type"))
    if kind in NO_SUCH_KIND:
        reading.leave(pointer, "no_such_kind", f"{kind}: {NO_SUCH_KIND[kind]}")
        return []
    if kind not in READERS and kind not in PARTS:
        reading.leave(pointer, "no_such_kind", f"{kind}: there is no such kind of question here.")
        return []
    for name, (code, detail) in NOT_SHOWN.items():
        if element.get(name):
            reading.leave(f"{pointer}/{name}", code, detail)
    if element.get("shuffleOption") not in (None, "none"):
        reading.leave(f"{pointer}/shuffleOption", "shuffle", "Choices are shown in the order given.")
    if kind in PARTS:
        return list(_parts(reading, pointer, element, taken))
    key = key_of(element.get("id"), taken, "question")
    taken.add(key)
    own = Known(key, "")
    question = {
        "key": key,
        "required": element.get("required") is True,
        "texts": reading.texts(pointer, element.get("headline"), element.get("subheader")),
        **READERS[kind](reading, pointer, element, own),
    }
    own.kind = question["kind"]
    if not question["texts"]:
        reading.leave(pointer, "no_text", "It has no text to ask.")
        return []
    known[str(element.get("id"))] = own
    return [question]


def _open_text(reading: Reading, pointer: str, element: Element, _own: Known) -> Question:
    wanted = element.get("inputType") or "text"
    if wanted == "number":
        return {"kind": "number"}
    if wanted != "text":
        reading.leave(
            f"{pointer}/inputType", "input_type", f"Any text is taken; that it is of the form {wanted} is not checked."
        )
    limit = element.get("charLimit")
    bounds = limit if isinstance(limit, Mapping) else {}
    longest = bounds.get("max")
    if bounds.get("min"):
        reading.leave(f"{pointer}/charLimit/min", "shortest_text", "Texts have no least length.")
    fits = isinstance(longest, int) and 1 <= longest <= 10_000  # noqa: PLR2004 - the longest text a question takes
    return {"kind": "text", "max_length": longest} if fits else {"kind": "text"}


def _choices(reading: Reading, pointer: str, element: Element, name: str, own: Known) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    taken: set[str] = set()
    for place, choice in enumerate(listed(element.get(name))):
        label = choice.get("label", choice) if isinstance(choice, Mapping) else choice
        texts = reading.texts(f"{pointer}/{name}/{place}", label)
        if not texts:
            reading.leave(f"{pointer}/{name}/{place}", "no_text", "It has no text to choose.")
            continue
        identity = choice.get("id") if isinstance(choice, Mapping) else None
        key = key_of(identity if str(identity) in {"other", "none"} else next(iter(texts.values())), taken, "choice")
        taken.add(key)
        own.choices[str(identity if identity is not None else place)] = key
        if identity == "other":
            reading.leave(
                f"{pointer}/{name}/{place}", "free_choice", "It can be chosen; what else it is, is not asked."
            )
        found.append({"key": key, "texts": texts})
    return found


def _of_choices(kind: str) -> Callable[[Reading, str, Element, Known], Question]:
    def read(reading: Reading, pointer: str, element: Element, own: Known) -> Question:
        return {"kind": kind, "choices": _choices(reading, pointer, element, "choices", own)}

    return read


def _matrix(reading: Reading, pointer: str, element: Element, own: Known) -> Question:
    rows = _choices(reading, pointer, element, "rows", Known("", ""))
    return {"kind": "matrix", "rows": rows, "choices": _choices(reading, pointer, element, "columns", own)}


def _ends(reading: Reading, pointer: str, element: Element) -> Question:
    named = {"low_texts": "lowerLabel", "high_texts": "upperLabel"}
    found = {ours: reading.texts(f"{pointer}/{theirs}", element.get(theirs)) for ours, theirs in named.items()}
    return {name: texts for name, texts in found.items() if texts}


def _rating(reading: Reading, pointer: str, element: Element, _own: Known) -> Question:
    if element.get("scale") not in (None, "number"):
        reading.leave(f"{pointer}/scale", "look", "Scales are shown as numbers, not as stars or faces.")
    most = element.get("range")
    return {"kind": "rating", "min": 1, "max": most if isinstance(most, int) else 5, **_ends(reading, pointer, element)}


def _nps(reading: Reading, pointer: str, element: Element, _own: Known) -> Question:
    return {"kind": "nps", **_ends(reading, pointer, element)}


def _consent(reading: Reading, pointer: str, element: Element, _own: Known) -> Question:
    parts = (element.get("headline"), element.get("subheader"), element.get("html"), element.get("label"))
    return {"kind": "consent", "texts": reading.texts(pointer, *parts)}


def _date(_reading: Reading, _pointer: str, _element: Element, _own: Known) -> Question:
    return {"kind": "date"}


def _parts(reading: Reading, pointer: str, element: Element, taken: set[str]) -> Iterator[Question]:
    """Return a text question for each part of a name or an address that is shown."""
    for name in PARTS[str(element.get("type"))]:
        part = element.get(name)
        if not isinstance(part, Mapping) or part.get("show") is not True:
            continue
        key = key_of(f"{element.get('id')}_{name}", taken, "question")
        taken.add(key)
        label = part.get("placeholder") or name
        texts = reading.texts(f"{pointer}/{name}", element.get("headline"), label)
        yield {"key": key, "kind": "text", "required": part.get("required") is True, "texts": texts}


READERS: Mapping[str, Callable[[Reading, str, Element, Known], Question]] = {
    "openText": _open_text,
    "multipleChoiceSingle": _of_choices("choice"),
    "multipleChoiceMulti": _of_choices("choices"),
    "ranking": _of_choices("ranking"),
    "matrix": _matrix,
    "rating": _rating,
    "nps": _nps,
    "consent": _consent,
    "date": _date,
}
