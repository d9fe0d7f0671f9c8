"""What can be scripted to go otherwise than it should, for a call, a task, a callback or a socket.

Which call or task it is about, and how often, is said by a Rule: see `sandbox.wiro.script`.

CallFault, for `Run`, `Task/Detail`, `Task/List`, `Task/Cancel`, `Task/Kill`, `Task/InputOutputDelete`,
`Tool/Detail` and `file`:

| what happens | fields |
| --- | --- |
| an HTTP status instead of the answer | `http_status`, `retry_after_seconds` |
| `result: false`, with an object or (without a code) a bare text | `error`, `error_code`, `http_status` |
| the connection is reset | `answer="reset"` |
| the call is carried out, and the connection is closed without an answer | `answer="lost_answer"` |
| the answer declares more bytes than are sent | `answer="cut_off"` |
| a page of HTML with status 200 | `answer="not_json"` |
| all fields but `errors` and `result` are under `data` | `answer="data_wrapped"` |
| what is documented as a number in a text is a number | `answer="numbers"` |
| fields that nobody documented | `answer="extra"` |
| it comes after the call was carried out, where it would come instead of it | `after_effect` |
| a pause before the call is carried out (with `after_effect`: before it is answered) | `delay_seconds` |

TaskScript, for `task`:

| what happens | fields |
| --- | --- |
| it takes so long | `seconds` |
| it fails, with a text | `pexit`, `debugerror` |
| `pexit` is absent | `no_pexit` |
| it fails before it runs | `task_error`, `debugerror` |
| it stays at a status until it is finished, cancelled or killed from outside | `stuck`, `stuck_at` |
| a status that nobody documented is shown for a while | `unknown_status` |
| no outputs, fewer, one more that is no picture | `no_outputs`, `fewer_outputs`, `extra_output` |
| outputs (or one of them) are not as they should be | `outputs`, `only_output`, `url`, `slow_seconds` |

CallbackScript, for `callback`:

| what happens | fields |
| --- | --- |
| it is never sent | `lost` |
| it is sent several times at once, each with its own attempts | `times` |
| it comes late | `late_seconds` |
| Run is answered only when it was delivered or given up | `before_answer` |
| it says something else than Task/Detail | `body` |

SocketScript, for `socket`:

| what happens | fields |
| --- | --- |
| the connection is refused | `http_status` |
| the upgrade is answered late | `delay_seconds` |
| there is no greeting | `no_greeting` |
| nothing is ever said on it | `silent` |
| every registration is answered with an error, and nothing comes of it | `error` |
| a binary frame comes before every message | `binary_frames` |
| a text comes before every message that is none of Wiro's | `malformed` |
| it is closed after so many messages, with a close frame or without | `close_after`, `reset` |
"""

import asyncio
from dataclasses import dataclass
from typing import Literal

OutputKind = Literal[
    "png",  # a sound picture
    "html",  # a page of HTML at the picture's address
    "bomb",  # a tiny PNG that declares 50,000 x 50,000 pixels
    "broken",  # a PNG with a wrong checksum
    "truncated",  # half of a PNG
    "huge",  # a PNG of the requested size that nothing can compress
    "wrong_size_field",  # a sound picture whose `size` is not its own
    "foreign_url",  # a sound picture is made, but the address is the script's `url`
    "redirect",  # the address redirects to the script's `url`
    "missing",  # the address is unknown
    "slow",  # a sound picture that takes `slow_seconds` to arrive
]
CallbackBody = Literal[
    "full",  # Task/Detail's answer
    "task",  # the bare task
    "taskid",  # its taskid alone
    "empty",  # nothing
    "not_json",  # text
    "forged",  # another task's success
]
CallAnswer = Literal[
    "normal", "reset", "lost_answer", "cut_off", "not_json", "data_wrapped", "numbers", "extra"
]


@dataclass(frozen=True, kw_only=True)
class CallFault:
    """What becomes of one call, or of one request for an output file."""

    http_status: int | None = None
    retry_after_seconds: int | None = None
    error: str | None = None
    error_code: int | None = None
    answer: CallAnswer = "normal"
    after_effect: bool = False
    delay_seconds: float = 0.0

    @property
    def refuses(self) -> bool:
        """Whether the answer is an error instead of the call's own."""
        return self.http_status is not None or self.error is not None

    @property
    def prevents(self) -> bool:
        """Whether the call is not carried out."""
        return not self.after_effect and (self.refuses or self.answer in ("reset", "not_json"))

    async def pause(self) -> None:
        """Wait for as long as the call is held up; a fault of another kind may wait for something else."""
        await asyncio.sleep(self.delay_seconds)


@dataclass(frozen=True, kw_only=True)
class TaskScript:
    """How one task goes."""

    seconds: float | None = None
    """None: as long as tasks of this server take."""
    pexit: str = "0"
    debugerror: str = "the pipeline gave up"
    no_pexit: bool = False
    task_error: bool = False
    stuck: bool = False
    stuck_at: str = "task_output"
    unknown_status: str | None = None
    no_outputs: bool = False
    fewer_outputs: int | None = None
    """How many there are instead of `samples`."""
    extra_output: bool = False
    outputs: OutputKind = "png"
    only_output: int | None = None
    """The number (from 0) of the only output that `outputs` is about; None: all."""
    url: str = ""
    slow_seconds: float = 5.0


@dataclass(frozen=True, kw_only=True)
class CallbackScript:
    """How one task's callback is made."""

    lost: bool = False
    times: int = 1
    late_seconds: float = 0.0
    before_answer: bool = False
    body: CallbackBody = "full"


@dataclass(frozen=True, kw_only=True)
class SocketScript:
    """How one WebSocket connection goes."""

    http_status: int | None = None
    delay_seconds: float = 0.0
    no_greeting: bool = False
    silent: bool = False
    error: str | None = None
    binary_frames: bool = False
    malformed: bool = False
    close_after: int | None = None
    reset: bool = False


Behaviour = CallFault | TaskScript | CallbackScript | SocketScript
