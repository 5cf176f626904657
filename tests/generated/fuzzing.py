"""Requests generated from the service's own OpenAPI document, sent to a served process, and every answer checked.

What is asked of an answer: it is no 5xx; its status, media type and body are as documented; and what does not fit the
document is refused. Half of the requests name things that are there, so that they come further than to a 404.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Err, Ok

from tests.generated.everything import FITTING, KNOWN

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
"""Examples an operation. The suite takes few; the full run sets FUZZ_EXAMPLES=200."""
ASKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
STEPS = 8
"""Requests a scenario of the stateful run."""


@dataclass(frozen=True)
class Asked:
    """A service that is asked: where, with which key, and what is there by the name of a path parameter."""

    address: str
    key: str
    known: Mapping[str, str]


Operations = Mapping[str, APIOperation[Any, Any, Any, Any]]


def load(address: str, key: str) -> BaseSchema:
    """Read the document of a served process, to be asked with a key."""
    checks = {"enabled": False} | {name: {"enabled": True} for name in ASKED}
    config = schemathesis.Config.from_dict(
        {"headers": {"Authorization": f"Bearer {key}"}, "base-url": address, "checks": checks}
    )
    return schemathesis.openapi.from_url(f"{address}/openapi.json", config=config)


def operations(schema: BaseSchema) -> Operations:
    """Give every operation by its name."""
    results = list(schema.get_all_operations())
    assert [result for result in results if isinstance(result, Err)] == []
    found = [result.ok() for result in results if isinstance(result, Ok)]
    return {operation.label: operation for operation in found}


def how(examples: int) -> settings:
    """Give how examples are searched for: the same ones each time, none shrunk, as every failure is told anyway."""
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )


def about_known_things(case: Case[Any], known: Mapping[str, str]) -> None:
    """Let a case name things that are there, in its path and in the fields of its body."""
    for name in set(case.path_parameters or ()) & set(known):
        case.path_parameters[name] = known[name]
    if isinstance(case.body, dict):
        for name in set(case.body) & (set(KNOWN | FITTING) - {"reference", "code", "key"}):
            case.body[name] = (KNOWN | FITTING)[name]
    if "if-match" in {parameter.name.lower() for parameter in case.operation.iter_parameters()}:
        case.headers["If-Match"] = "*"


def exercise(operation: APIOperation[Any, Any, Any, Any], asked: Sequence[Asked], examples: int) -> str | None:
    """Ask for some examples of one operation, half of them about things that are there; give what was wrong, or None.

    Each kind has its own share: of a few examples drawn from all kinds at once, all may be of one kind. What took long
    to make up is asked of every service.
    """
    fitting, unfit = operation.as_strategy(GenerationMode.POSITIVE), operation.as_strategy(GenerationMode.NEGATIVE)
    wrong = _wrong(_asking(fitting, asked, examples // 2, about_known=True))
    wrong = wrong or _wrong(_asking(fitting, asked, examples // 4))
    with suppress(Unsatisfiable):  # an operation that takes nothing cannot be asked wrongly
        wrong = wrong or _wrong(_asking(unfit, asked, examples // 4))
    return wrong


def _asking(
    kind: st.SearchStrategy[Case[Any]], asked: Sequence[Asked], examples: int, *, about_known: bool = False
) -> Callable[[], None]:
    @how(examples)
    @given(case=kind)
    def each(case: Case[Any]) -> None:
        for service in asked:
            if about_known:
                about_known_things(case, service.known)
            headers = {"Authorization": f"Bearer {service.key}"}
            case.call_and_validate(base_url=service.address, headers=headers)

    return each


def walk(schema: BaseSchema, scenarios: int) -> str | None:
    """Follow the document's links from answer to request; give what was wrong first, or None."""
    machine = schema.as_state_machine()
    return _wrong(lambda: machine.run(settings=how(scenarios)))


def _wrong(do: Callable[[], object]) -> str | None:
    try:
        do()
    except (FailureGroup, AssertionError, ExceptionGroup) as found:
        return "\n".join([str(found), *(str(one) for one in getattr(found, "exceptions", ()))])[:3000]
    return None
