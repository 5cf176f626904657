"""The company's loyalty as its customers feel it: seven items, three of them put to each customer."""

from api.feedback.templates.wordings import FELT, Template, words

FELT_LOYALTY = Template(
    key="felt_loyalty",
    name="Felt loyalty",
    purpose="How loyal the company is to its customers as they feel it: one fixed item and two that rotate.",
    questions=FELT,
    page={
        "title": words(
            "Your experience with {company}",
            "Ihre Erfahrung mit {company}",
            "Votre expérience avec {company}",
            "Su experiencia con {company}",
            "A sua experiência com {company}",
            "تجربتك مع {company}",
        ),
        "intro": words(
            "Please think of your dealings with {company} in the past three months. How often was this so?",
            "Bitte denken Sie an Ihre Erfahrungen mit {company} in den letzten drei Monaten. Wie oft traf das zu?",
            "Pensez à vos échanges avec {company} au cours des trois derniers mois. Était-ce souvent le cas ?",
            "Piense en su trato con {company} durante los últimos tres meses. ¿Con qué frecuencia fue así?",
            "Pense na sua relação com {company} nos últimos três meses. Com que frequência foi assim?",
            "نرجو التفكير في تعاملك مع {company} خلال الأشهر الثلاثة الماضية. كم مرة كان الأمر كذلك؟",
        ),
    },
)
