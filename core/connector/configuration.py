"""What an admin sets beside client id and secret: the address of an own server, the region of an account.

A value fills places in the connector's URLs, by itself or through the fields its choice brings. What is chosen from a list
can lead nowhere but where the connector's author wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from core.connector.templates import field_matches


class Setting(msgspec.Struct, frozen=True):
    """One entry of a registration's `config`.

    `default`: used while the admin sets none; without one it has to be set. `choices`: the allowed values, each with the
    fields it brings: `{"eu": {"accounts_url": "https://accounts.acme.eu"}}`. None: any value (addresses are checked) that
    fits one of the patterns in `allowed`, where there are some (`https://*.acme.example`, as in `OAuth2.token_fields`).
    """

    name: str
    title: str
    hint: str = ""
    default: str | None = None
    choices: Mapping[str, Mapping[str, str]] | None = None
    allowed: tuple[str, ...] = ()

    def fits(self, value: str) -> bool:
        """Whether `value` may be set. What does not fit fills no place, so nothing is sent with it."""
        if self.choices is not None:
            return value in self.choices
        return not self.allowed or any(field_matches(pattern, value) for pattern in self.allowed)

    def fields(self, config: Mapping[str, str]) -> dict[str, str]:
        """What URL places can be filled with by this setting; nothing where it is not set, or set to no choice there is."""
        value = config.get(self.name) or self.default
        if not value or not self.fits(value):
            return {}
        return {self.name: value, **(self.choices[value] if self.choices is not None else {})}

    @property
    def brings(self) -> tuple[str, ...]:
        """Every name it may fill."""
        return tuple(
            dict.fromkeys([self.name, *(name for one in (self.choices or {}).values() for name in one)])
        )


def filled(settings: Iterable[Setting], config: Mapping[str, str]) -> dict[str, str]:
    """`config` with defaults and with what its choices bring. A choice's own fields cannot be set past it."""
    fields = dict(config)
    for setting in settings:
        for name in setting.brings:
            fields.pop(name, None)
        fields |= setting.fields(config)
    return fields
