"""The base of all settings: frozen, strict about names. A stage keeps its own beside its code."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen group of settings; the docstring under a field says what it does."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
