"""What staff have to do their work for customers with: eight items of our own.

They follow the families of the work design questionnaire (Morgeson & Humphrey 2006) and of psychological empowerment
(Spreitzer 1995), in our own words.
"""

from typing import Any

from api.feedback.templates.wordings import Template, Texts, labels, words

HOW_FAR = labels(
    words(
        "Strongly disagree",
        "Stimme gar nicht zu",
        "Pas du tout d'accord",
        "Totalmente en desacuerdo",
        "Discordo totalmente",
        "لا أوافق بشدة",
    ),
    words("Disagree", "Stimme eher nicht zu", "Plutôt pas d'accord", "En desacuerdo", "Discordo", "لا أوافق"),
    words(
        "Neither",
        "Teils, teils",
        "Ni l'un ni l'autre",
        "Ni lo uno ni lo otro",
        "Nem uma coisa nem outra",
        "محايد",
    ),
    words("Agree", "Stimme eher zu", "Plutôt d'accord", "De acuerdo", "Concordo", "أوافق"),
    words(
        "Strongly agree",
        "Stimme voll zu",
        "Tout à fait d'accord",
        "Totalmente de acuerdo",
        "Concordo totalmente",
        "أوافق بشدة",
    ),
)


def _item(key: str, *texts: str) -> dict[str, Any]:
    asked: Texts = words(*texts)
    scale = {"min": 0, "max": 4, "labels": HOW_FAR, "cannot_say": True}
    return {"key": key, "kind": "rating", "metric_key": f"pulse_{key}", "required": False, "texts": asked, **scale}


STAFF_PULSE = Template(
    key="staff_pulse",
    name="Staff pulse",
    purpose="Whether staff have the say, the knowledge, the tools and the answers that serving customers takes.",
    questions=[
        _item(
            "see_through",
            "I can see a customer's need through to the end.",
            "Ich kann das Anliegen eines Kunden bis zum Ende begleiten.",
            "Je peux suivre le besoin d'un client jusqu'au bout.",
            "Puedo atender la necesidad de un cliente hasta el final.",
            "Posso acompanhar a necessidade de um cliente até ao fim.",
            "أستطيع متابعة حاجة العميل حتى النهاية.",
        ),
        _item(
            "decide_remedy",
            "When something went wrong, I may decide how to put it right.",
            "Wenn etwas schiefgegangen ist, darf ich entscheiden, wie es in Ordnung gebracht wird.",
            "Quand quelque chose s'est mal passé, je peux décider comment le réparer.",
            "Cuando algo ha salido mal, puedo decidir cómo arreglarlo.",
            "Quando houve um problema, posso decidir como resolvê-lo.",
            "عندما يحدث خطأ، يحق لي أن أقرر كيفية تصحيحه.",
        ),
        _item(
            "know_outcome",
            "I get to know whether the customer got what they needed.",
            "Ich erfahre, ob der Kunde bekommen hat, was er brauchte.",
            "Je sais si le client a obtenu ce dont il avait besoin.",
            "Me entero de si el cliente obtuvo lo que necesitaba.",
            "Fico a saber se o cliente obteve o que precisava.",
            "أعرف ما إذا كان العميل قد حصل على ما يحتاج إليه.",
        ),
        _item(
            "have_knowledge",
            "I have the knowledge that my customers' needs ask for.",
            "Ich habe das Wissen, das die Anliegen meiner Kunden verlangen.",
            "J'ai les connaissances que demandent les besoins de mes clients.",
            "Tengo los conocimientos que exigen las necesidades de mis clientes.",
            "Tenho o conhecimento que as necessidades dos meus clientes exigem.",
            "لديّ المعرفة التي تتطلبها احتياجات عملائي.",
        ),
        _item(
            "have_tools",
            "I have the tools that my work needs.",
            "Ich habe die Werkzeuge, die meine Arbeit braucht.",
            "J'ai les outils dont mon travail a besoin.",
            "Tengo las herramientas que mi trabajo necesita.",
            "Tenho as ferramentas de que o meu trabalho precisa.",
            "لديّ الأدوات التي يحتاج إليها عملي.",
        ),
        _item(
            "rules_help",
            "Our rules help me serve customers more than they hinder me.",
            "Unsere Regeln helfen mir mehr, für Kunden da zu sein, als sie mich daran hindern.",
            "Nos règles m'aident à servir les clients plus qu'elles ne m'en empêchent.",
            "Nuestras reglas me ayudan a atender a los clientes más de lo que me estorban.",
            "As nossas regras ajudam-me a servir os clientes mais do que me atrapalham.",
            "تساعدني قواعدنا على خدمة العملاء أكثر مما تعيقني.",
        ),
        _item(
            "suggestions_answered",
            "When I suggest something, I get an answer.",
            "Wenn ich etwas vorschlage, bekomme ich eine Antwort.",
            "Quand je propose quelque chose, je reçois une réponse.",
            "Cuando propongo algo, recibo una respuesta.",
            "Quando sugiro algo, recebo uma resposta.",
            "عندما أقترح شيئًا أتلقى ردًا.",
        ),
        _item(
            "work_matters",
            "My work matters to our customers.",
            "Meine Arbeit ist für unsere Kunden wichtig.",
            "Mon travail compte pour nos clients.",
            "Mi trabajo es importante para nuestros clientes.",
            "O meu trabalho é importante para os nossos clientes.",
            "عملي مهم لعملائنا.",
        ),
    ],
    page={
        "title": words(
            "Your work for customers",
            "Ihre Arbeit für Kunden",
            "Votre travail pour les clients",
            "Su trabajo para los clientes",
            "O seu trabalho para os clientes",
            "عملك من أجل العملاء",
        ),
        "intro": words(
            "How far do you agree, thinking of the past four weeks?",
            "Wie weit stimmen Sie zu, wenn Sie an die letzten vier Wochen denken?",
            "Dans quelle mesure êtes-vous d'accord, en pensant aux quatre dernières semaines ?",
            "¿Hasta qué punto está de acuerdo, pensando en las últimas cuatro semanas?",
            "Até que ponto concorda, pensando nas últimas quatro semanas?",
            "إلى أي مدى توافق، عند التفكير في الأسابيع الأربعة الماضية؟",
        ),
    },
)
