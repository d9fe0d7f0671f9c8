import io
import struct
import time
import zlib

import pytest
from PIL import Image

from sandbox.wiro import TaskScript
from sandbox.wiro.behaviours import OutputKind
from sandbox.wiro.files import Files, StoredFile
from tests.sandbox.wiro_support import Caller, Json, wiro


async def outputs(at: Caller, how: TaskScript, **inputs: object) -> list[Json]:
    """Run a scripted task to its end, and give its outputs."""
    at.script("task", how)
    record = await at.finished(**inputs)
    assert record["pexit"] == "0"
    found = record["outputs"]
    assert isinstance(found, list)
    return found


def chunks_are_sound(png: bytes) -> bool:
    """Say whether every chunk of a PNG has its checksum and the last one is its end."""
    at = 8
    kind = b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if png[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(kind + data)):
            return False
        at += 12 + length
    return kind == b"IEND"


async def test_pictures_have_the_requested_size() -> None:
    """A task's pictures are PNGs of its size, all different, public, and as long as the record says."""
    async with wiro() as at:
        found = await outputs(at, TaskScript(), samples=3, width=320, height=256)
        bodies = []
        for output in found:
            status, contenttype, body = await at.get(output["url"])
            assert (status, contenttype, str(len(body))) == (200, "image/png", output["size"])
            with Image.open(io.BytesIO(body)) as image:
                image.load()
                assert (image.format, image.mode, image.size) == ("PNG", "RGB", (320, 256))
            bodies.append(body)
        assert len(set(bodies)) == 3
        assert at.server.requests[-1].call == "file"


async def test_head_tells_the_length() -> None:
    """HEAD answers like GET, without the body."""
    async with wiro() as at:
        (output,) = await outputs(at, TaskScript())
        async with at.session.head(output["url"]) as answer:
            assert (answer.status, answer.headers["Content-Length"]) == (200, output["size"])
        async with at.session.head(at.server.origin + "/files/nothing/0.png") as answer:
            assert answer.status == 404


async def test_the_same_inputs_give_the_same_file() -> None:
    """Prompt and seed decide about the bytes, on any server."""
    bodies = []
    for seed in ("7", "7", "8"):
        async with wiro() as at:
            (output,) = await outputs(at, TaskScript(), seed=seed)
            bodies.append((await at.get(output["url"]))[2])
    assert bodies[0] == bodies[1]
    assert bodies[0] != bodies[2]


async def test_no_outputs() -> None:
    """A task can succeed without outputs."""
    async with wiro() as at:
        assert await outputs(at, TaskScript(no_outputs=True)) == []


async def test_fewer_outputs() -> None:
    """A task can have fewer pictures than were asked for."""
    async with wiro() as at:
        assert len(await outputs(at, TaskScript(fewer_outputs=2), samples=4)) == 2


async def test_an_output_that_is_no_picture() -> None:
    """A text file can be among the outputs."""
    async with wiro() as at:
        picture, text = await outputs(at, TaskScript(extra_output=True))
        assert picture["contenttype"] == "image/png"
        assert (text["name"], text["contenttype"]) == ("log.txt", "text/plain")
        assert (await at.get(text["url"]))[:2] == (200, "text/plain")


async def test_a_page_instead_of_a_picture() -> None:
    """The picture's address can lead to a page, although the record says image/png."""
    async with wiro() as at:
        (output,) = await outputs(at, TaskScript(outputs="html"))
        assert output["contenttype"] == "image/png"
        status, contenttype, body = await at.get(output["url"])
        assert (status, contenttype) == (200, "text/html")
        assert body.startswith(b"<!DOCTYPE html>")


async def test_a_bomb() -> None:
    """A file of some kilobytes can declare 50,000 by 50,000 pixels, with sound checksums."""
    async with wiro() as at:
        (output,) = await outputs(at, TaskScript(outputs="bomb"))
        body = (await at.get(output["url"]))[2]
        assert len(body) < 10_000
        assert struct.unpack(">II", body[16:24]) == (50_000, 50_000)
        assert chunks_are_sound(body)
        with pytest.raises(Image.DecompressionBombError):
            Image.open(io.BytesIO(body))


@pytest.mark.parametrize("kind", ["broken", "truncated"])
async def test_a_damaged_picture(kind: OutputKind) -> None:
    """A picture can have a wrong checksum, or lack its end."""
    async with wiro() as at:
        whole, damaged = await outputs(at, TaskScript(outputs=kind, only_output=1), samples=2)
        assert chunks_are_sound((await at.get(whole["url"]))[2])
        body = (await at.get(damaged["url"]))[2]
        assert body.startswith(b"\x89PNG")
        assert not chunks_are_sound(body)
        assert damaged["size"] == str(len(body))


async def test_a_huge_picture() -> None:
    """A picture can be as large as three bytes a pixel, and valid all the same."""
    async with wiro() as at:
        (output,) = await outputs(at, TaskScript(outputs="huge"), width=512, height=512)
        body = (await at.get(output["url"]))[2]
        assert len(body) > 512 * 512 * 3
        assert chunks_are_sound(body)
        with Image.open(io.BytesIO(body)) as image:
            image.load()
            assert image.size == (512, 512)


async def test_a_wrong_size_field() -> None:
    """The record can be wrong about a file's length."""
    async with wiro() as at:
        (output,) = await outputs(at, TaskScript(outputs="wrong_size_field"))
        assert output["size"] == "1"
        assert len((await at.get(output["url"]))[2]) > 1000


async def test_an_address_elsewhere() -> None:
    """An output can be on a host that nobody allowed."""
    async with wiro() as at:
        url = "http://169.254.1.1/0.png"
        (output,) = await outputs(at, TaskScript(outputs="foreign_url", url=url))
        assert output["url"] == url


async def test_a_redirect() -> None:
    """An output's address can lead to another one."""
    async with wiro() as at:
        url = "http://169.254.1.1/0.png"
        (output,) = await outputs(at, TaskScript(outputs="redirect", url=url))
        async with at.session.get(output["url"], allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, url)


async def test_a_missing_file() -> None:
    """An output's file can be gone."""
    async with wiro() as at:
        (output,) = await outputs(at, TaskScript(outputs="missing"))
        assert (await at.get(output["url"]))[0] == 404


async def test_a_slow_file() -> None:
    """A file can take its time, and is whole in the end."""
    async with wiro() as at:
        (output,) = await outputs(at, TaskScript(outputs="slow", slow_seconds=0.3))
        begun = time.monotonic()
        body = (await at.get(output["url"]))[2]
        assert time.monotonic() - begun >= 0.3
        assert str(len(body)) == output["size"]
        assert chunks_are_sound(body)


def test_the_oldest_files_give_way() -> None:
    """Beyond the limit the files of the oldest task are forgotten, and equal ones count once."""
    files = Files(max_bytes=25)
    shared = bytes(10)
    for taskid in ("1", "2"):
        files.add(taskid, StoredFile(taskid=taskid, data=shared, contenttype="image/png"))
    assert files.total_bytes == 10
    files.add("3", StoredFile(taskid="3", data=b"another of", contenttype="image/png"))
    assert files.total_bytes == 20
    files.add("4", StoredFile(taskid="4", data=b"and a third", contenttype="image/png"))
    assert [files.get(path) is None for path in "1234"] == [True, True, False, False]
    assert files.total_bytes == 21
