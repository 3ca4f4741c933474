"""A setting that is on or off: true or false in a file, the same words in a variable, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError, fields

_WORDS: Final = {"true": True, "false": False}


class YesOrNo(fields.Boolean):
    """true or false. A number or another word is refused: what it means is not guessed."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        said = _WORDS.get(value.lower()) if isinstance(value, str) else value
        if not isinstance(said, bool):
            raise ValidationError("must be true or false")
        return said
