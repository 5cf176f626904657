"""What is asked after an interaction; every new workspace begins with it published."""

from typing import Any

from api.feedback.templates.wordings import FELT, Template, words


def _choice(key: str, *texts: str) -> dict[str, Any]:
    return {"key": key, "texts": words(*texts)}


YES = words("Yes", "Ja", "Oui", "Sí", "Sim", "نعم")
NO = words("No", "Nein", "Non", "No", "Não", "لا")

SATISFACTION = {
    "key": "satisfaction",
    "kind": "rating",
    "metric_key": "satisfaction",
    "min": 1,
    "max": 5,
    "required": True,
    "texts": words(
        "How satisfied are you with what was done for you?",
        "Wie zufrieden sind Sie mit dem, was für Sie getan wurde?",
        "Quelle est votre satisfaction quant à ce qui a été fait pour vous ?",
        "¿Cuál es su grado de satisfacción con lo que se hizo por usted?",
        "Qual é o seu grau de satisfação com o que foi feito em resposta ao seu pedido?",
        "ما مدى رضاك عمّا قُدِّم لك؟",
    ),
    "low_texts": words("Not at all", "Gar nicht", "Très faible", "Muy bajo", "Muito baixo", "منخفض جدًا"),
    "high_texts": words("Very", "Sehr", "Très grande", "Muy alto", "Muito alto", "مرتفع جدًا"),
}
NEEDS_MET = {
    "key": "needs_met",
    "kind": "choice",
    "required": False,
    "texts": words(
        "Did you get what you needed?",
        "Haben Sie bekommen, was Sie brauchten?",
        "Avez-vous obtenu ce dont vous aviez besoin ?",
        "¿Obtuvo lo que necesitaba?",
        "Obteve o que precisava?",
        "هل حصلت على ما كنت تحتاج إليه؟",
    ),
    "choices": [
        _choice(
            "fully",
            "Yes, fully",
            "Ja, ganz",
            "Oui, entièrement",
            "Sí, por completo",
            "Sim, por completo",
            "نعم، بالكامل",
        ),
        _choice("partly", "Partly", "Teilweise", "En partie", "En parte", "Em parte", "جزئيًا"),
        {"key": "no", "texts": NO},
    ],
}
CONTACT_REASON = {
    "key": "contact_reason",
    "kind": "choice",
    "required": False,
    "texts": words(
        "Why did you have to get in touch?",
        "Warum mussten Sie sich melden?",
        "Pourquoi avez-vous dû prendre contact ?",
        "¿Por qué tuvo que ponerse en contacto?",
        "Por que motivo precisou de nos procurar?",
        "لماذا اضطررت إلى التواصل معنا؟",
    ),
    "choices": [
        _choice(
            "new_need",
            "I needed something new",
            "Ich brauchte etwas Neues",
            "J'avais un nouveau besoin",
            "Necesitaba algo nuevo",
            "Precisava de algo novo",
            "احتجت إلى شيء جديد",
        ),
        _choice(
            "went_wrong",
            "Something had gone wrong",
            "Etwas war schiefgegangen",
            "Quelque chose s'était mal passé",
            "Algo había salido mal",
            "Tinha havido um problema",
            "كان قد حدث خطأ ما",
        ),
        _choice(
            "chasing",
            "I was waiting for something promised",
            "Ich wartete auf etwas Zugesagtes",
            "J'attendais quelque chose de promis",
            "Esperaba algo que me prometieron",
            "Aguardava algo que me foi prometido",
            "كنت أنتظر شيئًا وُعدت به",
        ),
        _choice(
            "unclear",
            "Something was unclear",
            "Etwas war unklar",
            "Quelque chose n'était pas clair",
            "Algo no estaba claro",
            "Algo não estava claro",
            "كان هناك أمر غير واضح",
        ),
        _choice("other", "Something else", "Etwas anderes", "Autre chose", "Otra cosa", "Outra coisa", "سبب آخر"),
    ],
}
PROMISE_KEPT = {
    "key": "promise_kept",
    "kind": "choice",
    "required": False,
    "texts": words(
        "Was what you were promised kept?",
        "Wurde eingehalten, was Ihnen zugesagt war?",
        "Ce qui vous avait été promis a-t-il été tenu ?",
        "¿Se cumplió lo que le prometieron?",
        "Foi cumprido o que lhe prometeram?",
        "هل أُوفي بما وُعدت به؟",
    ),
    "choices": [
        {"key": "yes", "texts": YES},
        {"key": "no", "texts": NO},
        _choice(
            "none_made",
            "Nothing was promised",
            "Es wurde nichts zugesagt",
            "Rien n'avait été promis",
            "No se prometió nada",
            "Nada foi prometido",
            "لم يُقدَّم أي وعد",
        ),
    ],
}
MINUTES_SPENT = {
    "key": "minutes_spent",
    "kind": "number",
    "min": 0,
    "max": 100_000,
    "required": False,
    "texts": words(
        "How many minutes of your own time did it take?",
        "Wie viele Minuten Ihrer eigenen Zeit hat es gekostet?",
        "Combien de minutes de votre temps cela a-t-il pris ?",
        "¿Cuántos minutos de su propio tiempo le llevó?",
        "Quantos minutos do seu próprio tempo foram precisos?",
        "كم دقيقة من وقتك استغرق ذلك؟",
    ),
}
SHOULD_NOT_HAVE_HAPPENED = {
    "key": "should_not_have_happened",
    "kind": "text",
    "required": False,
    "texts": words(
        "What should not have happened?",
        "Was hätte nicht passieren dürfen?",
        "Qu'est-ce qui n'aurait pas dû se produire ?",
        "¿Qué no debería haber ocurrido?",
        "O que não deveria ter acontecido?",
        "ما الذي ما كان ينبغي أن يحدث؟",
    ),
}
COMMENT = {
    "key": "comment",
    "kind": "text",
    "required": False,
    "texts": words(
        "Anything else?",
        "Möchten Sie noch etwas sagen?",
        "Souhaitez-vous ajouter quelque chose ?",
        "¿Desea añadir algo más?",
        "Deseja acrescentar mais alguma coisa?",
        "هل لديك ما تضيفه؟",
    ),
}

POST_INTERACTION = Template(
    key="post_interaction",
    name="After an interaction",
    purpose="Whether a customer got what they needed, what it took, and how the company treated them.",
    questions=[
        SATISFACTION,
        NEEDS_MET,
        CONTACT_REASON,
        PROMISE_KEPT,
        MINUTES_SPENT,
        SHOULD_NOT_HAVE_HAPPENED,
        *FELT,
        COMMENT,
    ],
)
