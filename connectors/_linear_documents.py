"""The GraphQL documents that are sent to Linear: these, byte for byte, and no others.

What a person or a model writes travels in the variables, never in a document. Each asks for no field that is not
shown or needed for the next step. They are valid against Linear's published schema (linear/linear at 8335e09,
2026-07-22, MIT); `tests/connectors/test_linear.py` checks that where the schema is at hand.
"""

from __future__ import annotations

_PAGE = "pageInfo { hasNextPage endCursor }"
_SHORT = "identifier title priorityLabel dueDate url state { name type } assignee { name }"

WHO = "query Who { viewer { id name email organization { id name } } }"

TEAMS = f"""\
query Teams($first: Int!, $after: String) {{
  teams(first: $first, after: $after) {{ nodes {{ key name }} {_PAGE} }}
}}"""

TEAM = """\
query Team($key: String!) {
  teams(first: 1, filter: {key: {eqIgnoreCase: $key}}) { nodes { id } }
}"""

STATES = f"""\
query States($key: String!, $first: Int!, $after: String) {{
  workflowStates(first: $first, after: $after, filter: {{team: {{key: {{eqIgnoreCase: $key}}}}}}) {{
    nodes {{ name type }} {_PAGE}
  }}
}}"""

MY_ISSUES = f"""\
query MyIssues($first: Int!, $after: String, $filter: IssueFilter) {{
  viewer {{
    assignedIssues(first: $first, after: $after, filter: $filter, orderBy: updatedAt) {{
      nodes {{ {_SHORT} }} {_PAGE}
    }}
  }}
}}"""

SEARCH = f"""\
query Search($term: String!, $first: Int!, $after: String, $filter: IssueFilter) {{
  searchIssues(term: $term, first: $first, after: $after, filter: $filter) {{
    nodes {{ {_SHORT} }} {_PAGE}
  }}
}}"""

ISSUES = f"""\
query Issues($first: Int!, $after: String, $filter: IssueFilter) {{
  issues(first: $first, after: $after, filter: $filter, orderBy: updatedAt) {{
    nodes {{ {_SHORT} }} {_PAGE}
  }}
}}"""

ISSUE = f"""\
query Issue($id: String!) {{
  issue(id: $id) {{
    {_SHORT} description createdAt updatedAt team {{ key }}
    comments(first: 20) {{ nodes {{ body createdAt user {{ name }} }} pageInfo {{ hasNextPage }} }}
  }}
}}"""

ISSUE_STATES = """\
query IssueStates($id: String!) {
  issue(id: $id) { id team { states(first: 100) { nodes { id name } } } }
}"""

CREATE_ISSUE = """\
mutation CreateIssue($input: IssueCreateInput!) {
  issueCreate(input: $input) { success issue { identifier url } }
}"""

ADD_COMMENT = """\
mutation AddComment($input: CommentCreateInput!) {
  commentCreate(input: $input) { success comment { id url } }
}"""

UPDATE_ISSUE = f"""\
mutation UpdateIssue($id: String!, $input: IssueUpdateInput!) {{
  issueUpdate(id: $id, input: $input) {{ success issue {{ {_SHORT} }} }}
}}"""

ALL = frozenset(
    {
        WHO, TEAMS, TEAM, STATES, MY_ISSUES, SEARCH, ISSUES, ISSUE, ISSUE_STATES, CREATE_ISSUE, ADD_COMMENT,
        UPDATE_ISSUE,
    }
)  # fmt: skip
