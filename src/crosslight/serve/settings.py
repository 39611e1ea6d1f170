"""What a service allows: limits are on by default, and each can be changed by `--limit NAME=VALUE`."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from crosslight.config.load import settings
from crosslight.config.model import Settings, Size
from crosslight.errors import ConfigError, CorpusError
from crosslight.serve.batching import BatchLimits

KEYS_VARIABLE = "CROSSLIGHT_API_KEYS"
Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Limits(Settings):
    """The limits of a service."""

    body_bytes: Size = Field(1_000_000, description="Longest body of a request; of a document too.")
    segment_characters: Size = Field(5_000, description="Longest text.")
    inside_characters: Size = Field(600, description="Longest sentence that is looked into.")
    segments: Size = Field(128, description="Most texts in a request.")
    n_best: Size = Field(8, description="Most translations of a text.")
    terms: Size = Field(200, description="Most terms in a request's glossary.")
    queued: Size = Field(64, description="Requests that may wait, for each bundle.")
    queued_seconds: Seconds = Field(
        30.0,
        description="Work that may wait, in seconds; with less, who is accepted is answered sooner.",
    )
    client_requests: Size = Field(64, description="Requests of one address that may wait at a time.")
    seconds: Seconds = Field(30.0, description="From a request's coming to its answer.")
    document_seconds: Seconds = Field(600.0, description="The same of a document.")
    body_seconds: Seconds = Field(
        10.0, description="From a request's first byte to its last, of head and body."
    )
    connections: Size = Field(512, description="Connections at a time.")
    batch_segments: Size = Field(128, description="Most texts translated at a time.")
    batch_characters: Size = Field(16_000, description="Most characters translated at a time.")
    cache_entries: Annotated[int, Field(ge=0)] = Field(20_000, description="Translations kept; 0 is none.")
    cache_characters: Size = Field(4_000_000, description="Characters kept, of sources and translations.")
    least_sure: Share = Field(0.5, description="A language below this probability is not guessed.")
    corrections_bytes: Size = Field(50_000_000, description="Largest file of corrections.")
    documents: Size = Field(20, description="Translated documents kept to be fetched, for ten minutes.")

    def of_batches(self) -> BatchLimits:
        """Those of batches and of the queue."""
        return BatchLimits(
            self.batch_segments, self.batch_characters, self.queued, self.queued_seconds, self.seconds
        )


@dataclass(frozen=True)
class ServeSettings:
    """How a service is reached, and what it allows."""

    limits: Limits = field(default_factory=Limits)
    host: str = "127.0.0.1"
    port: int = 5000
    keys: tuple[str, ...] = ()  # none: whoever reaches it may use it
    origins: tuple[str, ...] = ()  # of other sites' pages that may use it
    hosts: tuple[str, ...] = ()  # more names by which it may be called, behind another server
    corrections: Path | None = None  # a TMX file that takes corrections


def limits_from(assignments: Sequence[str]) -> Limits:
    """The limits, with those changed that are given as NAME=VALUE.

    Raises:
        ConfigError: a limit that there is not, or that cannot be.
    """
    tree: dict[str, str] = {}
    for assignment in assignments:
        name, is_there, value = assignment.partition("=")
        if not is_there:
            raise ConfigError(
                f"--limit {assignment} is not NAME=VALUE", "write for example: --limit queued=200"
            )
        tree[name.strip()] = value.strip()
    try:
        return settings(Limits, tree, "--limit")
    except ConfigError as error:
        known = ", ".join(Limits.model_fields)
        raise ConfigError(error.message, f"there are: {known}") from None


def read_keys(file: Path | None) -> tuple[str, ...]:
    """The API keys: a line each in a file (# begins a remark), or apart by commas in the environment.

    Raises:
        CorpusError: the file cannot be read.
        ConfigError: the file has no key, so that everybody would be let in; or a key is not plain text.
    """
    if file is None:
        keys = [key.strip() for key in os.environ.get(KEYS_VARIABLE, "").split(",")]
    else:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CorpusError(
                f"{file} cannot be read: {error}", "give a text file with a key a line"
            ) from None
        keys = [line.partition("#")[0].strip() for line in lines]
        if not any(keys):
            raise ConfigError(f"{file} has no key in it", "write one a line, or leave out --keys")
    found = tuple(key for key in keys if key)
    if not all(key.isascii() and key.isprintable() and " " not in key for key in found):
        raise ConfigError("a key has blanks or characters beyond ASCII", "use letters and digits")
    return found
