"""The one module that speaks to inspect-ai (pinned exactly): our tries become its samples, its endings our attempts.

What it is held to stands in the contract test. Everything that an agent leaves is taken from the work folder in this
process's memory after the attempt's end, and goes out unjudged.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, overload

import anyio.to_thread
import inspect_ai
from inspect_ai.dataset import Sample as InspectSample
from inspect_ai.hooks import ApiKeyOverride, Hooks, SampleEnd
from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelCost,
    ModelInfo,
    ModelOutput,
    ModelUsage,
    get_model,
    set_model_info,
)
from inspect_ai.model._model import sample_total_tokens
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState
from inspect_ai.util import ExecResult, SandboxEnvironment, SandboxUnavailableError, SandboxUserUnsupportedError

from clearinghouse.core.errors import ClearinghouseError
from clearinghouse.core.review.samples import Usage
from clearinghouse.evaluation.agents import BASELINES
from clearinghouse.evaluation.agents.bench import Bench
from clearinghouse.evaluation.engine.orders import Credentials, Event, Orders, Try
from clearinghouse.evaluation.engine.refusals import reads_as_refusal
from clearinghouse.evaluation.store import Attempt
from clearinghouse.evaluation.workspace import Workspace
from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.sandbox.interface import HOME

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from inspect_ai.log import EvalSample
    from inspect_ai.tool import ToolChoice, ToolInfo

    from clearinghouse.prover.sandbox.interface import Sandbox

VERSION: Final = "0.3.285"
_LIMITS: Final = {"token": "tokens", "cost": "cost", "time": "time", "working": "time", "message": "messages"}
_LAST_COMMAND: Final = 60.0
_BASELINE: Final = "baseline/"
_WORDS: Final = f"""

Your shell starts in {HOME}, your work folder. Each command runs in a fresh sandbox without a network: only the work
folder goes on from one command to the next, and no process does. Your answer is the file {HOME}/%s, at most %d bytes.
"""


class Board:
    """What is under way in this process. There is one: the engine makes sandboxes by class, not by object."""

    def __init__(
        self, orders: Orders, credentials: Credentials, put: Callable[[Event], None], draining: threading.Event
    ) -> None:
        self.orders = orders
        self.credentials = credentials
        self.put = put
        self.tries = {one.name: one for one in orders.tries}
        self.spaces: dict[str, ProofSandbox] = {}
        self.draining = draining  # set: attempts that have not begun are left for another time
        self.sandbox: Sandbox = find_sandbox(Path(orders.state))


_board: list[Board] = []


def board() -> Board:
    """The one board. Raises RuntimeError where no orders were given: the engine was not started by us."""
    if not _board:
        raise RuntimeError("this sandbox and these agents are of use only under `clearinghouse review run`")
    return _board[0]


class ProofSandbox(SandboxEnvironment):
    """An agent's work folder, as the engine wants a sandbox; `handed_in_at`: tokens used when the answer changed."""

    def __init__(self, space: Workspace) -> None:
        super().__init__()
        self.space = space
        self.answer: str | None = None
        self.handed_in_at: int | None = None
        self._turn = anyio.Lock()

    async def exec(  # noqa: PLR0917  # the engine's interface
        self,
        cmd: list[str],
        input: str | bytes | None = None,  # noqa: A002
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,  # noqa: ASYNC109
        timeout_retry: bool = True,  # noqa: ARG002
        concurrency: bool = True,  # noqa: ARG002
    ) -> ExecResult[str]:
        """Run a command in the folder, one at a time. Raises TimeoutError when its seconds are over."""
        if user is not None:
            raise SandboxUserUnsupportedError(f"there is no user {user} in the sandbox")
        stdin = input.encode() if isinstance(input, str) else input or b""
        seconds = float(timeout or board().orders.command_seconds)
        async with self._turn:
            ran = await anyio.to_thread.run_sync(
                lambda: self.space.run(["/usr/bin/env", *cmd], seconds=seconds, stdin=stdin, cwd=cwd or HOME, env=env),
                abandon_on_cancel=True,
            )
        self.look()
        if ran.timed_out:
            raise TimeoutError(f"the command was stopped after {seconds:.0f} seconds")
        return ExecResult(
            ran.code == 0, ran.code, ran.stdout.decode("utf-8", "replace"), ran.stderr.decode("utf-8", "replace")
        )

    async def write_file(self, file: str, contents: str | bytes) -> None:
        """Put a file into the folder."""
        self.space.write(file, contents.encode() if isinstance(contents, str) else contents)
        self.look()

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...
    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...
    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        """A plain file of the folder. Raises FileNotFoundError, PermissionError for what is none."""
        try:
            content = self.space.read(file, 100 << 20)
        except ClearinghouseError as error:
            raise PermissionError(str(error)) from error
        if content is None:
            raise FileNotFoundError(file)
        return content.decode() if text else content

    @classmethod
    def default_concurrency(cls) -> int | None:
        """None of its own: `max_samples` bounds it; with a second bound the engine sleeps before each attempt."""
        return None

    @classmethod
    async def sample_init(cls, task_name: str, config: Any, metadata: dict[str, str]) -> dict[str, SandboxEnvironment]:  # noqa: ARG003
        """A folder of its own for each attempt. Raises SandboxUnavailableError once no more are to begin."""
        now = board()
        if now.draining.is_set():
            raise SandboxUnavailableError("left for another time")
        made = cls(Workspace(now.sandbox, now.tries[metadata["try"]].offer))
        now.spaces[metadata["try"]] = made
        return {"default": made}

    @classmethod
    async def sample_cleanup(cls, task_name: str, config: Any, environments: Any, interrupted: bool) -> None:
        """Nothing to do: no process outlives its command, and the folder is memory."""

    def look(self) -> None:
        """Note what was used when the answer became another one."""
        try:
            content = self.space.read(self.space.offer.answer.path, self.space.offer.answer.max_bytes)
        except ClearinghouseError:
            content = None
        digest = None if content is None else hashlib.sha256(content).hexdigest()
        if digest != self.answer:
            self.answer, self.handed_in_at = digest, (None if digest is None else sample_total_tokens())


class StillModel(ModelAPI):
    """Says nothing: attempts without a model name it, for the engine wants one."""

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002, ARG002
        tools: list[ToolInfo],  # noqa: ARG002
        tool_choice: ToolChoice,  # noqa: ARG002
        config: GenerateConfig,  # noqa: ARG002
    ) -> ModelOutput:
        """Nothing, for no tokens."""
        output = ModelOutput.from_content(self.model_name, "")
        output.usage = ModelUsage()
        return output

    async def count_text_tokens(self, text: str) -> int:
        """Roughly, and without fetching an encoding from anywhere."""
        return len(text) // 4 + 1


class BaselineSolver(Solver):
    """Lets a baseline work at the attempt's own folder, with the attempt's budget of seconds."""

    def __init__(self, name: str) -> None:
        self.baseline = BASELINES[name]

    async def __call__(self, state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG002
        """Let it work, in a thread; the attempt's time limit may end it."""
        now = board()
        name = str(state.sample_id)
        place, order = now.spaces[name], now.tries[name]
        bench = Bench(
            workspace=place.space,
            seed=f"{now.orders.agent}:{name}",
            seconds=now.orders.budget.seconds or _LAST_COMMAND,
            secret=order.known,
            command_seconds=float(now.orders.command_seconds),
        )
        await anyio.to_thread.run_sync(lambda: self.baseline(bench), abandon_on_cancel=True)
        place.look()
        return state


class Listener(Hooks):
    """Hands out the key to whoever asks in this process, and hands over each attempt as it ends."""

    def enabled(self) -> bool:
        """Only under our own orders."""
        return bool(_board)

    def override_api_key(self, data: ApiKeyOverride) -> str | None:  # noqa: ARG002
        """The submitter's key, in the place of whatever the environment holds."""
        return board().credentials.key or None

    async def on_sample_end(self, data: SampleEnd) -> None:
        """The attempt is over: take what was handed in."""
        now = board()
        name = str(data.sample.id)
        if now.draining.is_set() and name not in now.spaces:
            return
        now.put(_event(now.tries[name], now.spaces.pop(name, None), data.sample, now.orders))


@scorer(metrics=[mean()])
def handed_in() -> Scorer:
    """Writes into the log what was handed in, by digest. It is judged elsewhere: this is no score."""

    async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001
        place = board().spaces[str(state.sample_id)]
        place.look()
        return Score(value=int(place.answer is not None), metadata={"artifact": place.answer})

    return score


def run(
    orders: Orders, credentials: Credentials, put: Callable[[Event], None], draining: threading.Event
) -> tuple[Path, ...]:
    """Make every try of the orders; `put` is told of each as it ends. Returns the engine's own logs.

    Once `draining` is set no further attempt begins; those under way go on to their end.

    Raises ClearinghouseError where no sandbox can be had; what goes wrong in an attempt is told with it.
    """
    _board[:] = [Board(orders, credentials, put, draining)]
    budget = orders.budget
    logs = Path(orders.scratch, "logs")
    task = inspect_ai.Task(
        name="clearinghouse",
        dataset=[
            InspectSample(
                input=one.prompt + _WORDS % (one.answer.path, one.answer.max_bytes),
                id=one.name,
                metadata={"try": one.name},
            )
            for one in orders.tries
        ],
        solver=_solver(orders),
        scorer=handed_in(),
        sandbox="clearinghouse",
    )
    inspect_ai.eval(
        task,
        model=_model(orders),
        display="none",
        log_level="error",
        log_dir=str(logs),
        log_format="eval",
        log_realtime=False,
        log_model_api=False,
        fail_on_error=False,
        ctl_server=False,
        acp_server=False,
        max_samples=orders.width,
        token_limit=budget.tokens,
        message_limit=budget.messages,
        time_limit=None if budget.seconds is None else max(1, round(budget.seconds)),
        cost_limit=None if budget.cost_micros is None else budget.cost_micros / 1e6,
    )
    return tuple(sorted(logs.glob("*.eval")))


def members(log: Path) -> Iterator[bytes]:
    """Everything in one of the engine's logs, unpacked (it is a zip; the engine brings the compression along)."""
    with zipfile.ZipFile(log) as archive:
        for name in archive.namelist():
            yield archive.read(name)


def _solver(orders: Orders) -> Solver:
    from clearinghouse.evaluation.engine import _registry  # noqa: PLC0415  # it imports this module

    if orders.agent.startswith(_BASELINE):
        return _registry.baseline(orders.agent.removeprefix(_BASELINE))
    return _registry.model_agent(orders.command_seconds)


def _model(orders: Orders) -> Model:
    if orders.agent.startswith(_BASELINE):
        return get_model("clearinghouse/none")
    model = get_model(orders.agent, config=GenerateConfig(max_retries=2, timeout=600))
    if orders.prices is not None:
        cost = ModelCost(
            input=orders.prices.input,
            output=orders.prices.output,
            input_cache_write=orders.prices.input,
            input_cache_read=orders.prices.input,
        )
        set_model_info(str(model), ModelInfo(cost=cost))
    return model


def _event(order: Try, place: ProofSandbox | None, sample: EvalSample, orders: Orders) -> Event:
    """The attempt that this sample of the engine's was."""
    artifact, reasons, trouble = None, [], None
    if sample.error is not None:
        # Its first words alone: an endpoint's own words may name address or key.
        trouble = f"the attempt broke off: {sample.error.message.split('(', 1)[0].split(':', 1)[0][:60]}"
    elif place is None:
        trouble = "the attempt got no work folder"
    else:
        try:
            artifact = place.space.read(order.answer.path, order.answer.max_bytes)
        except ClearinghouseError as error:
            reasons.append(f"not taken: {error.message}")
    attempt = Attempt(
        agent=orders.agent,
        task=order.task,
        epoch=order.epoch,
        refused=artifact is None and _refused(sample),
        usage=_usage(sample, orders),
        submitted_at_tokens=place.handed_in_at if place and artifact is not None else None,
        began=_instant(str(sample.started_at or "")),
        seconds=round(sample.total_time or 0.0, 3),
        limit=_LIMITS.get(sample.limit.type, sample.limit.type) if sample.limit else None,
        reasons=tuple(reasons),
        trouble=trouble,
    )
    return Event(
        attempt=attempt,
        artifact=None if artifact is None else base64.b64encode(artifact).decode(),
        transcript=sample.model_dump_json(exclude_none=True),
    )


def _usage(sample: EvalSample, orders: Orders) -> Usage:
    used = list(sample.model_usage.values())
    costs = [one.total_cost for one in used if one.total_cost is not None]
    return Usage(
        input_tokens=sum(one.input_tokens for one in used),
        output_tokens=sum(one.output_tokens for one in used),
        cache_read_tokens=sum(one.input_tokens_cache_read or 0 for one in used),
        cache_write_tokens=sum(one.input_tokens_cache_write or 0 for one in used),
        cost_micros=round(sum(costs) * 1e6) if orders.prices is not None else None,
    )


def _instant(text: str) -> str:
    """The engine's instant in UTC as samples spell it; empty where it noted none."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z") if text else ""


def _refused(sample: EvalSample) -> bool:
    """Whether the provider held the answer back, or the model's last words say that it would not."""
    said = [message for message in sample.messages if message.role == "assistant"]
    filtered = sample.output.choices and sample.output.stop_reason == "content_filter"
    return bool(filtered) or bool(said and reads_as_refusal(said[-1].text))
