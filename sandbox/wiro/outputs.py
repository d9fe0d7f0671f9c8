"""What a task leaves behind: its pictures, or what the script puts in their place."""

import itertools
import secrets
import time
from dataclasses import dataclass

from sandbox.wiro import png
from sandbox.wiro.behaviours import OutputKind
from sandbox.wiro.drawings import Drawings
from sandbox.wiro.files import Files, StoredFile
from sandbox.wiro.tasks import Output, Task

HTML_PAGE = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>This is no picture.</body></html>\n"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An output file before it is published."""

    name: str
    data: bytes
    kind: OutputKind = "png"
    contenttype: str = "image/png"


class Outputs:
    """Makes and publishes the output files of tasks."""

    def __init__(self, drawings: Drawings, files: Files, origin: str) -> None:
        self._drawings = drawings
        self._files = files
        self._origin = origin
        self._numbers = itertools.count(1)

    async def draft(self, task: Task) -> list[Draft]:
        """Make the files of a task that is to succeed."""
        script = task.script
        if script.no_outputs:
            return []
        count = task.inputs.samples if script.fewer_outputs is None else script.fewer_outputs
        drafts = [await self._draft(task, index) for index in range(count)]
        if script.extra_output:
            drafts.append(Draft(name="log.txt", data=b"nothing to see here\n", contenttype="text/plain"))
        return drafts

    def publish(self, task: Task, drafts: list[Draft]) -> None:
        """Give the files their addresses, and the task its outputs."""
        task.outputs = [self._publish(task, draft) for draft in drafts]

    async def _draft(self, task: Task, index: int) -> Draft:
        script, inputs = task.script, task.inputs
        kind = script.outputs if script.only_output in (None, index) else "png"
        name = f"{index}.png"
        if kind == "html":
            return Draft(name=name, data=HTML_PAGE, kind=kind)
        if kind == "bomb":
            return Draft(name=name, data=await self._drawings.make(png.bomb), kind=kind)
        if kind == "huge":
            return Draft(name=name, data=await self._drawings.noise(inputs, index), kind=kind)
        data = await self._drawings.picture(inputs, index)
        if kind == "broken":
            data = png.with_wrong_checksum(data)
        elif kind == "truncated":
            data = png.truncated(data)
        return Draft(name=name, data=data, kind=kind)

    def _publish(self, task: Task, draft: Draft) -> Output:
        script = task.script
        accesskey = secrets.token_hex(16)
        path = f"{accesskey}/{draft.name}"
        if draft.kind != "missing":
            file = StoredFile(
                taskid=task.taskid,
                data=draft.data,
                contenttype="text/html" if draft.kind == "html" else draft.contenttype,
                redirect_to=script.url if draft.kind == "redirect" else None,
                slow_seconds=script.slow_seconds if draft.kind == "slow" else 0.0,
            )
            self._files.add(path, file)
        return Output(
            number=str(next(self._numbers)),
            name=draft.name,
            contenttype=draft.contenttype,
            parentid=task.taskid,
            size=1 if draft.kind == "wrong_size_field" else len(draft.data),
            addedtime=time.time(),
            accesskey=accesskey,
            url=script.url if draft.kind == "foreign_url" else f"{self._origin}/files/{path}",
        )
