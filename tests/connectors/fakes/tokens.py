"""Tokens of a query language, taken one after the other. What is not the expected one is the language's own error."""

from __future__ import annotations

Token = tuple[str, str]


class Tokens:
    def __init__(self, tokens: list[Token], error: type[ValueError]) -> None:
        self.left = tokens
        self._error = error

    def take(self, kind: str) -> str:
        """What the next one says, which has to be of this kind."""
        if not self.left or self.left[0][0] != kind:
            raise self._error(f"expected a {kind}, found {self.left[:1]}")
        return self.left.pop(0)[1]

    def takes(self, token: Token) -> bool:
        """Whether the next one is this; then it is taken."""
        if self.left[:1] != [token]:
            return False
        self.left.pop(0)
        return True

    def any(self) -> Token:
        """The next one, whatever it is; of the kind `end` when there is none."""
        return self.left.pop(0) if self.left else ("end", "")

    def word(self, wanted: str) -> None:
        if self.take("word") != wanted:
            raise self._error(f"expected {wanted}")

    def words(self) -> tuple[str, ...]:
        """One or more, with commas between them."""
        found = [self.take("word")]
        while self.takes(("op", ",")):
            found.append(self.take("word"))
        return tuple(found)

    def number(self) -> int:
        return int(self.take("number"))

    def end(self) -> None:
        if self.left:
            raise self._error(f"unexpected {self.left[0]}")
