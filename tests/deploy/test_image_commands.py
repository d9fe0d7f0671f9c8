"""The Dockerfile's commands, run: what it installs is started on the sandbox, asked for its health, ended."""

import asyncio
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sandbox.environment import free_port
from tests.deploy.dockerfile import ROOT, all_of, command_of
from tests.deploy.installed import Image, build
from tests.support.stage import Stage, staged

START_SECONDS = 60.0
GRACE_SECONDS = 15.0  # stop_grace_period in compose.yaml


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """What the Dockerfile builds, built once."""
    return build(tmp_path_factory.mktemp("image"))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers and no bot yet."""
    async with staged(tmp_path) as ready:
        yield ready


def environment_of(image: Image, stage: Stage) -> dict[str, str]:
    """Return the image's variables and those that point it at the sandbox, on a free port."""
    port = str(free_port())
    public = {"CALLBACK_PORT": port, "CALLBACK_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    return stage.environment | image.environment | public


@asynccontextmanager
async def container(image: Image, environment: dict[str, str]) -> AsyncIterator[Process]:
    """Start what the image starts, where it starts it."""
    process = await asyncio.create_subprocess_exec(
        *image.command("ENTRYPOINT"),
        *command_of("CMD"),
        env=environment,
        cwd=image.here(all_of("WORKDIR", stage=1)[0]),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def health(image: Image, environment: dict[str, str]) -> int | None:
    """Return the exit code of the health check's command."""
    check = await asyncio.create_subprocess_exec(
        *image.command("HEALTHCHECK"), env=environment, stdout=PIPE, stderr=PIPE
    )
    await check.communicate()
    return check.returncode


def files(folder: Path) -> set[Path]:
    """Return everything below a folder."""
    return set(folder.rglob("*"))


async def test_the_image_makes_a_picture(image: Image, stage: Stage) -> None:
    """Built, started, unhealthy until it is ready, a picture posted, stopped by its signal with 0.

    It writes into its volume alone: the rest of the image can be read-only.
    """
    environment = environment_of(image, stage)
    assert await health(image, environment) == 1
    installed = files(image.folder / "opt")
    async with container(image, environment) as bot:
        async with asyncio.timeout(START_SECONDS):
            while await health(image, environment) != 0:
                assert bot.returncode is None
        await stage.members.wait_until_ready()
        assert (await stage.end_of(await stage.sana())).pictures
        bot.send_signal(signal.Signals[all_of("STOPSIGNAL")[0]])
        async with asyncio.timeout(GRACE_SECONDS):
            assert await bot.wait() == 0
    assert files(image.folder / "opt") == installed
    assert (image.folder / "data" / "sana.db").exists()


async def test_a_bot_that_is_not_connected_is_unhealthy(image: Image, stage: Stage) -> None:
    """The check fails on 503 too, not only where nothing answers."""
    await stage.members.trouble_gateway(refuses_logins=True)
    environment = environment_of(image, stage)
    async with container(image, environment):
        async with asyncio.timeout(START_SECONDS):
            while not await listens(int(environment["CALLBACK_PORT"])):  # noqa: ASYNC110 - a process tells nobody
                await asyncio.sleep(0.05)
        assert await health(image, environment) == 1


async def listens(port: int) -> bool:
    """Tell whether something listens on a port of loopback."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def test_what_is_installed_comes_with_its_files(image: Image) -> None:
    """Every file of the packages that is no Python, the SQL above all, is installed with them."""
    (packages,) = image.folder.glob("opt/lib/python*/site-packages")
    data = [
        path.relative_to(ROOT)
        for name in ("bot", "cogs", "storage", "sandbox")
        for path in (ROOT / name).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    ]
    assert any(path.suffix == ".sql" for path in data)
    assert [path for path in data if not (packages / path).exists()] == []
