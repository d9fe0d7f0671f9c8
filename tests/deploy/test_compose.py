"""The compose file and Caddy's, checked without an engine, and with `docker compose config` where that is."""

import re
import secrets
import shutil
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from bot.callbacks import CALLBACK_PATH
from bot.settings import Settings
from tests.deploy.dockerfile import ROOT, all_of, image_environment
from tests.deploy.outline import Node, read

FOLDER = ROOT / "deploy"


def compose() -> dict[str, Node]:
    """Return what compose.yaml says."""
    return read((FOLDER / "compose.yaml").read_text())


def mapping(node: Node) -> dict[str, Node]:
    """Return a node that has to be a mapping."""
    assert isinstance(node, dict)
    return node


def services() -> dict[str, dict[str, Node]]:
    """Return the services by name."""
    return {name: mapping(service) for name, service in mapping(compose()["services"]).items()}


def has_compose() -> bool:
    """Tell whether Docker's compose is here; it needs no engine to read a file."""
    docker = shutil.which("docker")
    return docker is not None and not subprocess.call(  # noqa: S603 - Docker's own command
        [docker, "compose", "version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.skipif(not has_compose(), reason="there is no docker compose on this machine")
def test_docker_understands_it(tmp_path: Path) -> None:
    """`docker compose config` takes it, with every profile, beside an .env made from the example."""
    shutil.copytree(FOLDER, tmp_path / "deploy")
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    command = "docker compose --env-file .env -f deploy/compose.yaml --profile * config --quiet"
    subprocess.run(command.split(), cwd=tmp_path, check=True)  # noqa: S603 - the line above


@pytest.mark.parametrize("name", services())
def test_every_service_may_do_little(name: str) -> None:
    """A read-only root, no capability beyond a low port, no new privileges, logs that fill no disk."""
    service = services()[name]
    assert service["read_only"] == "true"
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) in ([], ["NET_BIND_SERVICE"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert not {"privileged", "network_mode", "pid", "devices"} & set(service)
    assert set(mapping(mapping(service["logging"])["options"])) == {"max-size", "max-file"}
    assert int(str(service["pids_limit"])) <= 256
    assert re.fullmatch(r"\d{2,4}m", str(service["mem_limit"]))
    assert re.search(r":(local|\d[\w.-]+)$", str(service["image"]))


def test_the_bot_is_built_from_here() -> None:
    """The build sees the repository, with the Dockerfile that is tested; the settings are its .env."""
    bot = services()["bot"]
    build = mapping(bot["build"])
    assert (FOLDER / str(build["context"])).resolve() == ROOT
    assert (ROOT / str(build["dockerfile"])).exists()
    assert (FOLDER / str(bot["env_file"])).resolve() == ROOT / ".env"


def test_settings_that_the_container_needs_go_before_the_owners() -> None:
    """They are settings, and they agree with the image, whatever an .env from the example says."""
    chosen = mapping(services()["bot"]["environment"])
    assert {name.lower() for name in chosen} <= set(Settings.model_fields)
    for name in ("CALLBACK_HOST", "CALLBACK_PORT", "DATABASE_URL"):
        assert chosen[name] == image_environment()[name]


def test_only_what_is_meant_to_can_reach_the_bot() -> None:
    """Its port is published on loopback alone; what is open to the world is Caddy, where it is asked for."""
    bot, caddy = services()["bot"], services()["caddy"]
    assert bot["ports"] == [f"127.0.0.1:8080:{all_of('EXPOSE')[0]}"]
    assert "profiles" not in bot
    assert caddy["profiles"] == ["caddy"]


def test_metrics_are_kept_from_caddy() -> None:
    """They are bound to a name that only their own network knows, and Caddy is not in that network."""
    bot, caddy = services()["bot"], services()["caddy"]
    networks = mapping(bot["networks"])
    assert set(networks) == set(mapping(compose()["networks"])) == {"callbacks", "metrics"}
    assert mapping(networks["metrics"])["aliases"] == [mapping(bot["environment"])["METRICS_HOST"]]
    assert caddy["networks"] == ["callbacks"]


def test_volumes_are_declared_and_files_are_there() -> None:
    """A name is a volume, a path is a file beside the compose file; the bot's volume is the image's."""
    declared = mapping(compose()["volumes"])
    for service in services().values():
        for volume in service.get("volumes", []):
            source = str(volume).split(":")[0]
            assert source in declared or (source.startswith(".") and (FOLDER / source).exists()), volume
    assert services()["bot"]["volumes"] == [f"data:{all_of('VOLUME')[0]}"]


def test_a_stop_is_given_longer_than_it_takes() -> None:
    """The engine waits before it kills, and an init passes the signal on from the first moment."""
    bot = services()["bot"]
    assert int(str(bot["stop_grace_period"]).removesuffix("s")) >= 10
    assert bot["init"] == "true"


def caddy_blocks() -> dict[str, list[str]]:
    """Return Caddy's lines by their block, which is named by its own lines from outside in."""
    blocks: dict[str, list[str]] = {"": []}
    path: list[str] = []
    for line in (FOLDER / "Caddyfile").read_text().splitlines():
        text = line.split("#")[0].strip()
        if text == "}":
            path.pop()
        elif text.endswith("{"):
            path.append(text.removesuffix("{").strip() or "global")
            blocks[" > ".join(path)] = []
        elif text:
            blocks[" > ".join(path)].append(text)
    assert not path
    return blocks


def test_caddy_writes_no_address_down() -> None:
    """The address of a callback holds its job's token: the lines that Caddy logs are without it."""
    log = caddy_blocks()["global > log default > format filter > fields"]
    assert {"request>uri delete", "request>headers delete"} <= set(log)


def test_caddy_forwards_callbacks_and_health_alone() -> None:
    """What the listener serves goes to its port, callbacks with limits; all else is answered 404."""
    blocks = caddy_blocks()
    site = "{$CALLBACK_PUBLIC_URL}"
    method, path = (line.split() for line in blocks[f"{site} > @callback"])
    assert method == ["method", "POST"]
    assert fnmatchcase(f"{CALLBACK_PATH}/{secrets.token_urlsafe(32)}", path[1])
    assert not any(fnmatchcase(other, path[1]) for other in ("/metrics", "/", "/wiro"))
    assert blocks[f"{site} > @health"] == ["method GET", "path /healthz"]
    port = all_of("EXPOSE")[0]
    proxies = [block for block in blocks if block.split(" > ")[-1].startswith("reverse_proxy")]
    assert proxies == [
        f"{site} > handle @{name} > reverse_proxy bot:{port}" for name in ("callback", "health")
    ]
    assert blocks[f"{site} > handle @callback > request_body"] == ["max_size 64KB"]
    assert blocks[f"{site} > handle"] == ["respond 404"]
    assert {line.split()[0] for line in blocks["global > servers > timeouts"]} == {
        "read_header",
        "read_body",
        "write",
        "idle",
    }
    assert "CALLBACK_PUBLIC_URL" in mapping(services()["caddy"]["environment"])


@pytest.mark.skipif(shutil.which("caddy") is None, reason="there is no caddy on this machine")
def test_caddy_understands_it() -> None:
    """`caddy validate` takes the file."""
    subprocess.run(  # noqa: S603 - a file of this repository
        ["caddy", "validate", "--adapter", "caddyfile", "--config", str(FOLDER / "Caddyfile")],  # noqa: S607 - the one of this machine
        env={"CALLBACK_PUBLIC_URL": "https://bot.example.org", "PATH": "/usr/bin:/usr/local/bin"},
        check=True,
    )
