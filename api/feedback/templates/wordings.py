"""The words of templates: every text in each of their languages, and the felt items that two of them ask.

The felt items and their answers are those of the method (docs/method): own wording, seven items, how often each was so.
"""

from dataclasses import dataclass, field
from typing import Any

LANGUAGES = ("en", "de", "fr", "es", "pt", "ar")
"""The languages a template speaks, the order of every text here."""

Texts = dict[str, str]


@dataclass(frozen=True)
class Template:
    """A survey to begin with.

    Parameters
    ----------
    key
        What it is asked for by.
    name
        What the company calls it.
    purpose
        What it finds out, in a sentence.
    questions
        As a survey's version keeps them.
    page
        What the hosted page says around them.
    """

    key: str
    name: str
    purpose: str
    questions: list[dict[str, Any]]
    page: dict[str, Texts] = field(default_factory=dict)

    @property
    def details(self) -> dict[str, Any]:
        """What a version made from it says beside its questions."""
        page = {"page": self.page} if self.page else {}
        return {"name": self.name, "language": LANGUAGES[0], **page}


def words(*texts: str) -> Texts:
    """Return a text by language; in French a sign of two parts is kept beside its word.

    >>> words("Yes", "Ja", "Oui ?", "Sí", "Sim", "نعم")["de"]
    'Ja'
    """
    by_language = dict(zip(LANGUAGES, texts, strict=True))
    return {**by_language, "fr": by_language["fr"].replace(" ?", "\u00a0?")}


def labels(*steps: Texts) -> dict[str, Texts]:
    """Return what the steps of a scale from 0 are called."""
    return {str(step): texts for step, texts in enumerate(steps)}


HOW_OFTEN = labels(
    words("Never", "Nie", "Jamais", "Nunca", "Nunca", "أبدًا"),
    words("Rarely", "Selten", "Rarement", "Rara vez", "Raramente", "نادرًا"),
    words("Sometimes", "Manchmal", "Parfois", "A veces", "Às vezes", "أحيانًا"),
    words("Usually", "Meistens", "Généralement", "Normalmente", "Geralmente", "غالبًا"),
    words("Always", "Immer", "Toujours", "Siempre", "Sempre", "دائمًا"),
)

ITEMS = (
    words(
        "{company} did what it said, when it said it would.",
        "{company} hat getan, was zugesagt war, und zwar zum zugesagten Zeitpunkt.",
        "{company} a fait ce qui était annoncé, au moment annoncé.",
        "{company} cumplió lo que dijo, en el momento que dijo.",
        "{company} fez o que disse, quando disse que faria.",
        "نفّذت {company} ما قالت إنها ستفعله، وفي الوقت الذي حدّدته.",
    ),
    words(
        "When something went wrong, {company} put it right without my having to push.",
        "Wenn etwas schiefging, hat {company} es in Ordnung gebracht, ohne dass ich nachhaken musste.",
        "Quand quelque chose s'est mal passé, {company} l'a réparé sans que j'aie à insister.",
        "Cuando algo salió mal, {company} lo arregló sin que yo tuviera que insistir.",
        "Quando houve um problema, {company} resolveu-o sem que eu tivesse de insistir.",
        "عندما حدث خطأ ما، صحّحته {company} من دون أن أضطر إلى الإلحاح.",
    ),
    words(
        "{company} stayed with my request until I had what I needed.",
        "{company} ist an meinem Anliegen drangeblieben, bis ich hatte, was ich brauchte.",
        "{company} a suivi ma demande jusqu'à ce que j'aie obtenu ce qu'il me fallait.",
        "{company} siguió con mi solicitud hasta que tuve lo que necesitaba.",
        "{company} acompanhou o meu pedido até eu ter o que precisava.",
        "تابعت {company} طلبي حتى حصلت على ما أحتاج إليه.",
    ),
    words(
        "{company} would tell me of a better option even if it earned less by it.",
        "{company} würde mir eine bessere Lösung nennen, auch wenn das weniger einbrächte.",
        "{company} me signalerait une meilleure solution, même si cela rapportait moins.",
        "{company} me hablaría de una opción mejor aunque ganara menos con ella.",
        "{company} falar-me-ia de uma opção melhor, mesmo que ganhasse menos com isso.",
        "تخبرني {company} بخيار أفضل حتى لو كان ربحها منه أقل.",
    ),
    words(
        "{company} treats those who stay as well as those it wants to win.",
        "{company} behandelt treue Kunden ebenso gut wie die, um die geworben wird.",
        "{company} traite les clients fidèles aussi bien que ceux qu'il s'agit de conquérir.",
        "{company} trata a quienes se quedan tan bien como a quienes quiere ganar.",
        "{company} trata quem fica tão bem como quem quer conquistar.",
        "تعامل {company} عملاءها الحاليين بالعناية نفسها التي تعامل بها من تسعى إلى كسبهم.",
    ),
    words(
        "{company} knew and used what I had told it before.",
        "{company} wusste, was ich früher schon gesagt hatte, und hat es berücksichtigt.",
        "{company} savait ce que j'avais déjà expliqué et en a tenu compte.",
        "{company} sabía lo que yo ya había contado y lo tuvo en cuenta.",
        "{company} sabia o que eu já tinha contado e levou isso em conta.",
        "كانت {company} تعرف ما سبق أن أخبرتها به واستفادت منه.",
    ),
    words(
        "{company} stood by me when it was inconvenient.",
        "{company} stand zu mir, auch wenn es unbequem war.",
        "{company} a été là pour moi, même quand ce n'était pas commode.",
        "{company} estuvo de mi lado incluso cuando no era cómodo.",
        "{company} esteve do meu lado mesmo quando não era conveniente.",
        "وقفت {company} إلى جانبي حتى عندما لم يكن ذلك ملائمًا لها.",
    ),
)


def felt(number: int, texts: Texts) -> dict[str, Any]:
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
        "texts": texts,
        "labels": HOW_OFTEN,
        "cannot_say": True,
    }


FELT = [felt(number, texts) for number, texts in enumerate(ITEMS, start=1)]
