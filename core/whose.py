"""Whose token it is: the connector is asked once, with tokens that belong to no grant yet."""

from __future__ import annotations

import functools

import msgspec

from core import oauth
from core.connector import Account, Api, Connector
from core.errors import ProviderError, ToolFailed, ValetkeyError
from core.house import House
from core.oauth import TokenSet
from core.plain_text import clean
from core.secret import Secret

ACCOUNT_DEADLINE_S = 15.0
MAX_ACCOUNT_CHARS = 500  # as long as `account` may be where a builder names it
MAX_ACCOUNTS = 100  # behind one token
LABEL_CHARS = 160


class _Fixed:
    """A token source that has one token and no other."""

    def __init__(self, tokens: TokenSet) -> None:
        self._tokens = tokens

    async def access_token(self) -> Secret:
        return self._tokens.access_token

    async def after_rejection(self, rejected: Secret) -> Secret:
        raise ProviderError("The provider refused the token it had just given.")


async def accounts(
    house: House, connector: Connector, client: oauth.ClientRegistration, tokens: TokenSet
) -> list[Account]:
    """Ask the connector who is behind the token: one account, or several of which the person chooses one.

    It may have the provider asked in our client's name (RFC 7662). Raises ProviderError, ToolFailed, what the connector raises.
    """
    if connector.account_function is None:
        raise ToolFailed(f"The connector {connector.slug} does not say whose account it is.")
    api = Api(
        connector,
        house.outbound,
        _Fixed(tokens),
        fields={**client.config, **tokens.fields},
        deadline_s=ACCOUNT_DEADLINE_S,
        development=house.development,
        introspection=functools.partial(oauth.introspect, house.outbound, connector, client, tokens),
        observer=house.observer,
    )
    try:
        told = await connector.account_function(api)
    except ValetkeyError:
        raise
    except Exception as error:  # a connector's own fault: outermost boundary of foreign code
        raise ToolFailed(
            f"The connector {connector.slug} failed while asking whose account it is."
        ) from error
    return _usable(told if isinstance(told, list) else [told])


def _usable(found: list[Account]) -> list[Account]:
    """With labels a person can read. Raises ProviderError when one cannot be told from another."""
    ids = {account.id for account in found}
    somebody = all(account.is_somebody() for account in found)
    if (
        not found
        or not somebody
        or not all(len(one) <= MAX_ACCOUNT_CHARS and one.isprintable() for one in ids)
    ):
        raise ProviderError("The provider did not say whose account it is.")
    if len(ids) < len(found) or len(ids) > MAX_ACCOUNTS:
        raise ProviderError("The provider named more accounts than can be told apart.")
    return [msgspec.structs.replace(one, label=clean(str(one.label or one.id), LABEL_CHARS)) for one in found]
