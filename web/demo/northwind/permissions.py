"""What an app may be allowed to do at Northwind, in Northwind's own words."""

from __future__ import annotations

import msgspec


class Permission(msgspec.Struct, frozen=True):
    scope: str
    title: str
    text: str
    changes: bool = False


PERMISSIONS = (
    Permission("contacts.read", "Read contacts", "All fields of contacts you can see, notes included"),
    Permission("contacts.write", "Edit contacts", "Add and change contacts, write notes about them", True),
    Permission("companies.read", "Read companies", "All fields of companies"),
    Permission("deals.read", "Read deals", "All fields of deals you can see, notes included"),
    Permission("deals.write", "Edit deals", "Change deals you can see, write notes about them", True),
    Permission("projects.read", "Read projects", "All fields of projects you can see"),
    Permission("tasks.read", "Read tasks", "Tasks of your projects and the comments on them"),
    Permission("tasks.write", "Edit tasks", "Add, change and delete tasks of your projects", True),
    Permission("comments.write", "Write comments", "Comment on tasks in your name", True),
)
BY_SCOPE = {permission.scope: permission for permission in PERMISSIONS}
