"""The surveys a new workspace starts with."""

from typing import Any

POST_INTERACTION = "post_interaction"

FELT = (
    "{company} did what it said, when it said it would.",
    "When something went wrong, {company} put it right without my having to push.",
    "{company} stayed with my request until I had what I needed.",
    "{company} would tell me of a better option even if it earned less by it.",
    "{company} treats those who stay as well as those it wants to win.",
    "{company} knew and used what I had told it before.",
    "{company} stood by me when it was inconvenient.",
)


def _choice(key: str, text: str) -> dict[str, Any]:
    return {"key": key, "texts": {"en": text}}


def _felt(number: int, text: str) -> dict[str, Any]:
    """Return a felt item: the first is put to everybody, of the others two to each."""
    sampled: dict[str, Any] = {} if number == 1 else {"sample": {"group": "felt", "show": 2}}
    return {
        **sampled,
        "key": f"felt_{number}",
        "kind": "rating",
        "metric_key": f"felt_{number}",
        "min": 0,
        "max": 4,
        "required": False,
        "texts": {"en": text},
        "low_texts": {"en": "Not at all"},
        "high_texts": {"en": "Fully"},
    }


POST_INTERACTION_QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "satisfaction",
        "kind": "rating",
        "metric_key": "satisfaction",
        "min": 1,
        "max": 5,
        "required": True,
        "texts": {"en": "How satisfied are you with what was done for you?"},
        "low_texts": {"en": "Not at all"},
        "high_texts": {"en": "Very"},
    },
    {
        "key": "needs_met",
        "kind": "choice",
        "required": False,
        "texts": {"en": "Did you get what you needed?"},
        "choices": [_choice("fully", "Yes, fully"), _choice("partly", "Partly"), _choice("no", "No")],
    },
    {
        "key": "contact_reason",
        "kind": "choice",
        "required": False,
        "texts": {"en": "Why did you have to get in touch?"},
        "choices": [
            _choice("new_need", "I needed something new"),
            _choice("went_wrong", "Something had gone wrong"),
            _choice("chasing", "I was waiting for something promised"),
            _choice("unclear", "Something was unclear"),
            _choice("other", "Something else"),
        ],
    },
    {
        "key": "promise_kept",
        "kind": "choice",
        "required": False,
        "texts": {"en": "Was what you were promised kept?"},
        "choices": [_choice("yes", "Yes"), _choice("no", "No"), _choice("none_made", "Nothing was promised")],
    },
    {
        "key": "minutes_spent",
        "kind": "number",
        "min": 0,
        "max": 100_000,
        "required": False,
        "texts": {"en": "How many minutes of your own time did it take?"},
    },
    {
        "key": "should_not_have_happened",
        "kind": "text",
        "required": False,
        "texts": {"en": "What should not have happened?"},
    },
    *[_felt(number, text) for number, text in enumerate(FELT, start=1)],
    {"key": "comment", "kind": "text", "required": False, "texts": {"en": "Anything else?"}},
]
