"""Which metrics there are: what the questions of published surveys measure, on which scales, and where."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from api.dependencies import Work
from api.errors import NoSuchThing, NotAboutThis
from api.measures import queries
from api.measures.answers import Place
from models.rules.metrics import Scale, measured_by

Path = tuple[str, ...]


@dataclass
class Measure:
    """A metric on one scale: which versions of which surveys ask it, and under which path its answers stand."""

    scale: Scale
    asked: dict[tuple[UUID, str, Path], list[int]] = field(default_factory=lambda: defaultdict(list))

    @property
    def places(self) -> Sequence[Place]:
        """Where its answers stand."""
        return [Place(survey_id, tuple(versions), path) for (survey_id, _, path), versions in self.asked.items()]


@dataclass
class Metric:
    """A metric: the scales it is measured on, the first asked first, and how it is asked where it is not measured."""

    measures: dict[Scale, Measure] = field(default_factory=dict)
    unmeasured: set[str] = field(default_factory=set)
    """The kinds of those questions."""


async def metrics(work: Work) -> Mapping[str, Metric]:
    """Return the metrics of the workspace by name."""
    found: defaultdict[str, Metric] = defaultdict(Metric)
    for row in await work.session.execute(queries.published_questions(work.workspace_id)):
        for question in row.questions:
            for name, path, scale in measured_by(question):
                if scale is None:
                    found[name].unmeasured.add(question["kind"])
                else:
                    measure = found[name].measures.setdefault(scale, Measure(scale))
                    measure.asked[row.id, row.key, path].append(row.number)
    return found


async def measures_of(work: Work, name: str) -> Sequence[Measure]:
    """Return on which scales a metric is measured; refuse one that is not, or that nobody asks."""
    found = (await metrics(work)).get(name)
    if found is None:
        raise NoSuchThing(f"No published survey asks {name}. Read /v1/metrics/keys.")
    if not found.measures:
        kinds = " and ".join(sorted(found.unmeasured))
        rows = f" Ask for one of its rows: {name}.<row>." if "matrix" in found.unmeasured else ""
        raise NotAboutThis(f"{name} is of the kind {kinds}, which is not measured.{rows}", code="not_measured")
    return list(found.measures.values())
