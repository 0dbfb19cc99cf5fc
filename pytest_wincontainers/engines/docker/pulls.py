"""What an engine says while it pulls the layers of an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MEGABYTE = 1_000_000
_HERE = {"Pull complete", "Already exists"}
# What is said of an image as a whole has its tag where layers have their id.
_UNDER_WAY = {"Pulling fs layer", "Waiting", "Downloading", "Verifying Checksum", "Download complete", "Extracting"}


class PullProgress:
    """The layers of one image, as far as the engine has told of them."""

    def __init__(self) -> None:
        self._layers: dict[str, str] = {}
        self._loaded: dict[str, int] = {}
        self._sizes: dict[str, int] = {}

    def add(self, event: Mapping[str, Any]) -> str:
        """Read one event of the engine's stream; how far it is, for people, and "" if the event is not of a layer."""
        layer, status = str(event.get("id") or ""), str(event.get("status") or "")
        if not layer or status not in _UNDER_WAY | _HERE:
            return ""
        self._layers[layer] = status
        detail = event.get("progressDetail") or {}
        if status == "Downloading" and detail.get("total"):
            self._sizes[layer] = int(detail["total"])
            self._loaded[layer] = int(detail.get("current") or 0)
        elif status != "Downloading" and layer in self._sizes:
            self._loaded[layer] = self._sizes[layer]
        here = sum(said in _HERE for said in self._layers.values())
        words = f"{here} of {len(self._layers)} layers"
        if self._sizes:
            # The sizes of layers whose turn has not come are not known yet.
            loaded, size = sum(self._loaded.values()), sum(self._sizes.values())
            words += f", {loaded / _MEGABYTE:.0f} of {size / _MEGABYTE:.0f} MB"
        return words
