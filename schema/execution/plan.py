"""Plans: what the service finds out about an operation once, and then uses for every request of it."""

import asyncio
import hashlib
import re
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from compiler import CompiledOperation, CompilerOptions, NotCompiled, compile_operation
from db.caller import Scope
from schema.execution.event_variables import event_variables
from schema.limits.checks import check_document, check_numbers
from schema.limits.cost import CostEstimator
from schema.limits.document import fragments_of, operation_of, parse_options
from schema.limits.operation_limits import OperationLimits
from schema.limits.scopes import required_scopes

MAX_PLANS, MAX_PLAN_BYTES = 1024, 24 * 2**20
# A plan may take up to a quarter of the cache.
_LARGEST_SHARE = 4
# Measured, with a name or a punctuator as the token: a parsed document takes up to 470 bytes for each token, and with
# the compiled operation up to 2,770. Large literals take less.
_TOKEN = re.compile(r"\w+|[^\w\s]")
_BYTES_PER_TOKEN, _BYTES_PER_COMPILED_TOKEN, _BYTES_PER_PLAN = 470, 2_770, 10_000
# The most bytes of a task in JSON, with and without the fields that can have thousands of characters.
_TASK_BYTES, _SHORT_TASK_BYTES = 80 * 1024, 8 * 1024
_LONG_FIELDS = ("description", "clientMutationId", "labels", "metadata")
# Validation stops after this many errors, because each of them can take milliseconds and kilobytes.
MAX_VALIDATION_ERRORS = 10
_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
# Logs and traces cut longer names, because a document may contain a name of many kilobytes.
MAX_LOGGED_CHARACTERS = 200
# A thread makes the plans of longer documents, which take up to a tenth of a second, so that the event loop continues.
LONG_CHARACTERS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One operation of a document.

    document_hash: SHA-256 of the text, in hexadecimal digits.
    document: None if the text cannot be parsed.
    errors: why the operation must not run, from the limits on its shape or from validation.
    operation: None if the request names no operation of the document, or none of several.
    compiled: None if only the standard executor can run the operation.
    point_bytes: at most this many bytes of texts of tasks are in the response for each point of the cost.
    event_variables: the variables that the events of a subscription depend on.
    scopes: what a caller must be allowed to do.
    """

    document_hash: str | None = None
    document: DocumentNode | None = None
    errors: tuple[GraphQLError, ...] = ()
    operation: OperationDefinitionNode | None = None
    cost: CostEstimator | None = None
    compiled: CompiledOperation | None = None
    point_bytes: int = 0
    event_variables: frozenset[str] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    # Identifies the plan in the process, also after another plan has been made for the same operation.
    number: int = field(default_factory=count().__next__)

    @property
    def variable_names(self) -> frozenset[str]:
        """The names of the variables that the operation defines."""
        definitions = () if self.operation is None else self.operation.variable_definitions or ()
        return frozenset(definition.variable.name.value for definition in definitions)

    @property
    def kind(self) -> OperationType | None:
        """Whether the operation is a query, a mutation or a subscription."""
        return None if self.operation is None else self.operation.operation

    @property
    def name(self) -> str | None:
        """The name of the operation, if it is valid and has one."""
        operation = self.operation
        return None if self.errors or operation is None or operation.name is None else operation.name.value

    @property
    def logged_name(self) -> str | None:
        """The name for logs and traces: up to `MAX_LOGGED_CHARACTERS`, with … if it is cut."""
        name = self.name
        if name is None or len(name) <= MAX_LOGGED_CHARACTERS:
            return name
        return f"{name[: MAX_LOGGED_CHARACTERS - 1]}…"


class Planner:
    """Makes plans and keeps them in one cache, bounded in number and in bytes. Evicts the least recently used plan."""

    def __init__(self, schema: GraphQLSchema, limits: OperationLimits, compiler: CompilerOptions | None) -> None:
        """`compiler` is None to let the standard executor run every operation."""
        self._schema = schema
        self._limits = limits
        self._compiler = compiler
        # Each plan with its size in bytes.
        self._plans: OrderedDict[tuple[str, str | None], tuple[Plan, int]] = OrderedDict()
        self.bytes = 0
        # One thread at a time, because all threads compete with the event loop for the interpreter.
        self._thread = ThreadPoolExecutor(1, "planner")

    def __len__(self) -> int:
        return len(self._plans)

    def plan(self, text: str, operation_name: str | None) -> Plan:
        """Return the plan for the operation of this name. Without a name: for the only operation of the document."""
        return self.known(text, operation_name) or self._keep(text, operation_name, self._make(text, operation_name))

    async def prepare(self, text: str, operation_name: str | None) -> Plan:
        """Return the plan, as `plan` does. A thread makes the plan of a long document."""
        if (plan := self.known(text, operation_name)) is not None:
            return plan
        if len(text) <= LONG_CHARACTERS:
            return self.plan(text, operation_name)
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._thread, self._make, text, operation_name)
        return self.known(text, operation_name) or self._keep(text, operation_name, made)

    def known(self, text: str, operation_name: str | None) -> Plan | None:
        """Return the plan if it is in the cache."""
        key = (text, operation_name)
        found = self._plans.get(key)
        if found is None:
            return None
        self._plans.move_to_end(key)
        return found[0]

    def _keep(self, text: str, operation_name: str | None, plan: Plan) -> Plan:
        """Keep a new plan in the cache, unless the plan is too large, and return it."""
        if (size := _size(text, plan)) <= MAX_PLAN_BYTES // _LARGEST_SHARE:
            self._plans[text, operation_name] = plan, size
            self.bytes += size
            while len(self._plans) > MAX_PLANS or self.bytes > MAX_PLAN_BYTES:
                _, (_, evicted_size) = self._plans.popitem(last=False)
                self.bytes -= evicted_size
        return plan

    def _make(self, text: str, operation_name: str | None) -> Plan:
        hash_ = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        try:
            document = parse(text, **parse_options(self._limits.tokens))
        except (GraphQLError, RecursionError):
            return Plan(hash_)
        fragments, operation = fragments_of(document), operation_of(document, operation_name)
        try:
            check_numbers(text, document)
            shape = check_document(document, operation, fragments, self._limits)
        except GraphQLError as error:
            return Plan(hash_, document, (error.with_traceback(None),), operation)
        errors = tuple(validate(self._schema, document, _RULES, max_errors=MAX_VALIDATION_ERRORS))
        if errors or operation is None:
            return Plan(hash_, document, errors, operation)
        cost = CostEstimator(self._schema, fragments, operation)
        scopes = required_scopes(operation, fragments)
        if operation.operation is OperationType.SUBSCRIPTION:
            variables = event_variables(document, operation)
            return Plan(hash_, document, (), operation, cost, event_variables=variables, scopes=scopes)
        # A field can be in the response again under each alias. One point of the cost is about one task.
        task_bytes = _TASK_BYTES if any(name in text for name in _LONG_FIELDS) else _SHORT_TASK_BYTES
        compiled = self._compile(document, operation_name)
        point_bytes = (1 + shape.aliases) * task_bytes
        return Plan(hash_, document, (), operation, cost, compiled, point_bytes, scopes=scopes)

    def _compile(self, document: DocumentNode, operation_name: str | None) -> CompiledOperation | None:
        if self._compiler is None:
            return None
        try:
            return compile_operation(self._schema, document, operation_name, self._compiler)
        except NotCompiled:
            return None


def _size(text: str, plan: Plan) -> int:
    """Return an estimate of the memory of a plan in bytes."""
    per_token = _BYTES_PER_TOKEN if plan.compiled is None else _BYTES_PER_COMPILED_TOKEN
    return _BYTES_PER_PLAN + per_token * len(_TOKEN.findall(text))
