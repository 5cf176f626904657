"""Surveys as a company would write them, in a left-to-right, another, and a right-to-left language."""

from base64 import b64encode
from typing import Any

LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 44 44" width="44" height="44"><path fill="#0b6e4f" '
    b'd="M22 3 3 20h5v20h28V20h5z"/><path fill="#fff" d="M22 18a7 7 0 0 0-7 7c0 5 7 11 7 11s7-6 7-11a7 7 0 0 0-7-7z"/>'
    b"</svg>"
)
BRANDING = {"logo_url": f"data:image/svg+xml;base64,{b64encode(LOGO).decode()}", "colour": "#0b6e4f"}


def texts(en: str, pt: str, ar: str) -> dict[str, str]:
    """Give a text by language."""
    return {"en": en, "pt": pt, "ar": ar}


def named(key: str, en: str, pt: str, ar: str) -> dict[str, Any]:
    """Give a choice or a row."""
    return {"key": key, "texts": texts(en, pt, ar)}


MOOD: dict[str, Any] = {
    "key": "mood",
    "kind": "rating",
    "required": True,
    "metric_key": "satisfaction",
    "texts": texts("How satisfied are you with the visit?", "Está satisfeito com a visita?", "ما مدى رضاك عن الزيارة؟"),
    "low_texts": texts("Not at all", "Nada", "غير راضٍ"),
    "high_texts": texts("Very", "Muito", "راضٍ جدًا"),
}
WHY: dict[str, Any] = {
    "key": "why",
    "kind": "choices",
    "texts": texts("What went wrong?", "O que correu mal?", "ما الذي لم يسر كما ينبغي؟"),
    "choices": [
        named("late", "Somebody came late", "Alguém chegou tarde", "تأخر أحدهم"),
        named("part", "A part was missing", "Faltava uma peça", "كانت قطعة ناقصة"),
        named("rude", "Somebody was unfriendly", "Alguém foi antipático", "كان أحدهم غير ودود"),
    ],
    "show_if": {"all": [{"field": "answers.mood", "op": "le", "value": 2}]},
}
RECOMMEND: dict[str, Any] = {
    "key": "recommend",
    "kind": "nps",
    "texts": texts("How likely are you to recommend us?", "Recomendava-nos?", "ما احتمال أن توصي بنا؟"),
    "low_texts": texts("Never", "Nunca", "أبدًا"),
    "high_texts": texts("Surely", "Com certeza", "بالتأكيد"),
    "cannot_say": True,
}
COMMENT: dict[str, Any] = {
    "key": "comment",
    "kind": "text",
    "texts": texts("Is there anything else?", "Mais alguma coisa?", "هل هناك شيء آخر؟"),
}
MINUTES: dict[str, Any] = {
    "key": "minutes",
    "kind": "number",
    "min": 0,
    "max": 600,
    "texts": texts("How many minutes did it take you?", "Quantos minutos demorou?", "كم دقيقة استغرق ذلك؟"),
}
OTHERS: list[dict[str, Any]] = [
    {
        "key": "felt",
        "kind": "rating",
        "min": 0,
        "max": 4,
        "cannot_say": True,
        "texts": texts("They kept their word.", "Cumpriram a palavra.", "لقد وفوا بوعدهم."),
        "labels": {
            "0": texts("Not at all", "De modo nenhum", "إطلاقًا"),
            "1": texts("Hardly", "Pouco", "بالكاد"),
            "2": texts("Partly", "Em parte", "جزئيًا"),
            "3": texts("Mostly", "Em grande parte", "في الغالب"),
            "4": texts("Fully", "Totalmente", "تمامًا"),
        },
    },
    {"key": "again", "kind": "yes_no", "texts": texts("Would you come again?", "Voltaria?", "هل ستعود؟")},
    {
        "key": "channel",
        "kind": "choice",
        "texts": texts("How did you reach us?", "Como nos contactou?", "كيف تواصلت معنا؟"),
        "choices": [
            named("phone", "By telephone", "Por telefone", "بالهاتف"),
            named("web", "Online", "Online", "عبر الإنترنت"),
        ],
    },
    {
        "key": "parts",
        "kind": "matrix",
        "texts": texts("How were these?", "Como foram?", "كيف كانت هذه؟"),
        "choices": [
            named("good", "Good", "Bom", "جيد"),
            named("fair", "Fair", "Razoável", "مقبول"),
            named("bad", "Bad", "Mau", "سيئ"),
        ],
        "rows": [
            named("time", "Being on time", "Pontualidade", "الالتزام بالموعد"),
            named("work", "The work itself", "O trabalho", "العمل نفسه"),
        ],
    },
    {
        "key": "order",
        "kind": "ranking",
        "texts": texts("What matters most to you?", "O que é mais importante?", "ما الأهم بالنسبة إليك؟"),
        "choices": [
            named("fast", "Fast", "Rápido", "السرعة"),
            named("cheap", "Cheap", "Barato", "السعر"),
            named("kind", "Kind", "Simpático", "اللطف"),
        ],
    },
    {"key": "day", "kind": "date", "texts": texts("When was it?", "Quando foi?", "متى كان ذلك؟")},
    {
        "key": "agree",
        "kind": "consent",
        "required": True,
        "texts": texts("You may call me about this.", "Podem ligar-me sobre isto.", "يمكنكم الاتصال بي بشأن هذا."),
    },
]
PAGE = {
    "title": texts("Your visit", "A sua visita", "زيارتك"),
    "intro": texts("It takes two minutes.", "Demora dois minutos.", "يستغرق ذلك دقيقتين."),
    "thanks": texts("We read every word.", "Lemos cada palavra.", "نقرأ كل كلمة."),
}
SURVEYS: list[dict[str, Any]] = [
    {"key": "visit", "min_fill_seconds": 0, "page": PAGE, "questions": [MOOD, WHY, MINUTES, COMMENT]},
    {
        "key": "all_kinds",
        "min_fill_seconds": 0,
        "page": PAGE,
        "questions": [MOOD, WHY, RECOMMEND, *OTHERS[:-1], MINUTES, COMMENT, OTHERS[-1]],
    },
    {
        "key": "one_by_one",
        "min_fill_seconds": 0,
        "page": PAGE,
        "layout": "one",
        "questions": [MOOD, WHY, RECOMMEND, MINUTES, COMMENT],
    },
]
