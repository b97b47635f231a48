"""What GitHub sends: far more than anybody asked for."""

from __future__ import annotations

from typing import Any

API = "https://api.github.com"
_NAMES = {"ada": (7, "Ada Byron"), "ben": (8, None)}
_MORE = (
    "followers", "following{/other_user}", "gists{/gist_id}", "starred{/owner}{/repo}", "subscriptions",
    "orgs", "repos", "events{/privacy}", "received_events",
)  # fmt: skip


def repository(name: str, known: dict[str, Any]) -> dict[str, Any]:
    owner, _, short = name.partition("/")
    more = (
        "forks",
        "keys{/key_id}",
        "teams",
        "hooks",
        "events",
        "branches{/branch}",
        "tags",
        "languages",
    )
    return {
        "id": 41, "node_id": "R_kgDO", "name": short, "full_name": name, "private": known["private"],
        "owner": person(owner), "html_url": f"https://github.com/{name}", "description": known["description"],
        "fork": False, "url": f"{API}/repos/{name}", "archived": False, "disabled": False,
        **{f"{one.partition('{')[0]}_url": f"{API}/repos/{name}/{one}" for one in more},
        "stargazers_count": 3, "default_branch": "main", "open_issues_count": 4, "visibility": "private",
        "permissions": {"admin": False, "push": True, "pull": True}, "pushed_at": "2026-11-20T08:00:00Z",
    }  # fmt: skip


def issue(repository: str, number: int, known: dict[str, Any]) -> dict[str, Any]:
    url = f"{API}/repos/{repository}/issues/{number}"
    kind = "pull" if known["pull_request"] else "issues"
    html = f"https://github.com/{repository}/{kind}/{number}"
    labels = [
        {"id": 9, "node_id": "LA_kwDO", "url": f"{API}/repos/{repository}/labels/{name}", "name": name,
         "color": "d73a4a", "default": False, "description": None}
        for name in known["labels"]
    ]  # fmt: skip
    wire = {
        "url": url, "repository_url": f"{API}/repos/{repository}", "labels_url": url + "/labels{/name}",
        "comments_url": url + "/comments", "events_url": url + "/events", "html_url": html,
        "id": 1000 + number, "node_id": "I_kwDO", "number": number, "title": known["title"],
        "user": person(known["user"]), "labels": labels, "state": known["state"],
        "state_reason": known["state_reason"], "locked": False, "milestone": None, "comments": 2,
        "assignee": None, "assignees": [person(one) for one in known["assignees"]],
        "created_at": "2026-11-01T08:00:00Z", "updated_at": known["updated_at"],
        "closed_at": known["closed_at"], "author_association": "MEMBER", "body": known["body"],
        "reactions": {
            "url": url + "/reactions", "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0,
            "confused": 0, "heart": 0, "rocket": 0, "eyes": 0,
        },
        "timeline_url": url + "/timeline", "performed_via_github_app": None, "score": 1.0,
    }  # fmt: skip
    if known["pull_request"]:
        wire |= {
            "draft": known["draft"],
            "pull_request": {"url": url, "html_url": html, **known["pull_request"]},
        }
    return wire


def comment(known: dict[str, Any]) -> dict[str, Any]:
    repository, number = known["key"]
    return {
        "id": known["id"], "node_id": "IC_kwDO", "url": f"{API}/repos/{repository}/issues/comments/1",
        "html_url": f"https://github.com/{repository}/issues/{number}#issuecomment-{known['id']}",
        "issue_url": f"{API}/repos/{repository}/issues/{number}", "user": person(known["user"]),
        "created_at": "2026-11-21T08:00:00Z", "updated_at": "2026-11-21T08:00:00Z",
        "author_association": "MEMBER", "body": known["body"], "performed_via_github_app": None,
    }  # fmt: skip


def me(login: str) -> dict[str, Any]:
    return {**person(login), "name": _NAMES[login][1], "email": None}


def person(login: str) -> dict[str, Any]:
    """A person or organization, as GitHub puts them into everything."""
    url = f"{API}/users/{login}"
    links = {f"{one.partition('{')[0]}_url": f"{url}/{one}" for one in _MORE}
    return {
        "login": login, "id": _NAMES.get(login, (90, None))[0], "node_id": "MDQ6VXNlcjE=", "gravatar_id": "",
        "avatar_url": f"https://avatars.githubusercontent.com/u/1?v=4&name={login}", "url": url,
        "html_url": f"https://github.com/{login}", **links, "type": "User", "site_admin": False,
    }  # fmt: skip
