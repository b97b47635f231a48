"""Answers that a GraphQL schema allows for a document, for hypothesis: every nullable may be null, every list empty."""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
)
from hypothesis import strategies as st

_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "String": st.text(max_size=40),
    "ID": st.text(min_size=1, max_size=40),
    "Int": st.integers(-(2**31), 2**31 - 1),
    "Float": st.floats(allow_nan=False, allow_infinity=False),
    "Boolean": st.booleans(),
    "DateTime": st.datetimes().map(lambda at: at.isoformat() + "Z"),
    "TimelessDate": st.dates().map(lambda day: day.isoformat()),
}


def answers(schema: GraphQLSchema, document: DocumentNode) -> st.SearchStrategy[dict[str, Any]]:
    """What may stand in `data`. Only plain fields: no fragments, no aliases."""
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    root = schema.get_root_type(operation.operation)
    assert root is not None
    return _object(root, operation.selection_set)


def _object(of: GraphQLObjectType, selection: SelectionSetNode) -> st.SearchStrategy[dict[str, Any]]:
    fields = [one for one in selection.selections if isinstance(one, FieldNode)]
    assert len(fields) == len(selection.selections)
    return st.fixed_dictionaries(
        {one.name.value: _value(of.fields[one.name.value].type, one) for one in fields}
    )


def _value(type_: Any, field: FieldNode) -> st.SearchStrategy[Any]:
    if isinstance(type_, GraphQLNonNull):
        return _present(type_.of_type, field)
    return st.none() | _present(type_, field)


def _present(type_: Any, field: FieldNode) -> st.SearchStrategy[Any]:
    if isinstance(type_, GraphQLList):
        return st.lists(_value(type_.of_type, field), max_size=3)
    if isinstance(type_, GraphQLObjectType):
        assert field.selection_set is not None
        return _object(type_, field.selection_set)
    if isinstance(type_, GraphQLEnumType):
        return st.sampled_from(sorted(type_.values))
    return _SCALARS[type_.name]
