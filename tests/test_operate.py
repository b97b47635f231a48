"""What docs/operate says is there is there: a running service, used in every way that counts something, is asked for `/metrics`.

Every name, label and label's value in the dashboard, the rules and the document exists; everything exposed is explained.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from core.observing import StepName
from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.harness.service import ROOT, Service
from tests.harness.waiting import until
from web import outcomes
from web.metrics import FAMILIES
from web.watching import MEASURED

OPERATE = ROOT / "docs/operate"
OF_PROMETHEUS = {"up"}
TARGET_LABELS = {"instance", "job"}
PARTS = ("_bucket", "_sum", "_count")
ROW = re.compile(r"^\| `(valetkey_\w+)` \| (\w+) \|([^|]*)\|", re.MULTILINE)

USER = "user-of-the-test"

Exposed = dict[str, tuple[str, frozenset[str]]]  # name -> (type, labels)


class Told(NamedTuple):
    """What the service said of itself."""

    metrics: str
    log: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """`/metrics` and the log after a bit of everything."""
    northwind = RunningNorthwind(token_ttl_s=1)
    service = Service(tmp_path_factory.mktemp("operate") / "service").start()
    scene = Scene(service, northwind)

    def refreshed() -> bool:
        assert scene.call("find_deals", USER).status_code == 200
        return "valetkey_token_refreshes_total{" in asked(service)

    try:
        grant = scene.connect(USER, tools=("find_deals",))
        until(refreshed)
        assert scene.call("find_contacts", USER).status_code == 403
        assert scene.assistant.call("made.up_tool", USER).status_code == 404
        assert scene.assistant.revoke(grant["id"]).is_success
        until(lambda: "valetkey_outbox_settled_seconds_count{" in asked(service))
        yield Told(asked(service), service.log_text())
    finally:
        scene.close()
        service.close()
        northwind.close()


@pytest.fixture(scope="module")
def text(told: Told) -> str:
    return told.metrics


@pytest.fixture(scope="module")
def lines(told: Told) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.log.splitlines() if line.startswith("{")]


def asked(service: Service) -> str:
    return httpx.get(f"{service.url}/metrics", trust_env=False).text


@pytest.fixture(scope="module")
def exposed(text: str) -> Exposed:
    found: Exposed = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels}
        found[name] = family.type, frozenset(labels - {"le"})
    return found


def test_everything_is_counted_somewhere_and_nothing_else(exposed: Exposed) -> None:
    """Each family has a sample, so that its labels are those that really come."""
    assert exposed == {family.name: (family.kind, frozenset(family.labels)) for family in FAMILIES}


def test_every_metric_is_explained_as_it_is(exposed: Exposed) -> None:
    rows = ROW.findall((OPERATE / "observing.md").read_text())
    told = {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    assert told == exposed and len(rows) == len(told)


def test_no_label_says_what_a_caller_made_up(text: str) -> None:
    assert "made.up" not in text and USER not in text
    assert 'valetkey_tool_calls_total{connector="unknown",outcome="unknown_tool",tool="unknown"} 1.0' in text


# ---- the queries of dashboard and rules ---------------------------------------------------------------------------


def rules() -> list[dict[str, Any]]:
    told = yaml.safe_load((OPERATE / "alerts.yml").read_text())
    return [rule for group in told["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    return json.loads((OPERATE / "grafana-dashboard.json").read_text())


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> dict[str, str]:
    """Every query by where it stands, with Grafana's variables filled in."""
    found = {rule["alert"]: rule["expr"] for rule in rules()}
    for panel in panels():
        for target in panel["targets"]:
            filled = target["expr"].replace("$__rate_interval", "5m")
            found[f"{panel['title']} {target['refId']}"] = re.sub(r"\$\w+", ".*", filled)
    return found


class Used:
    """Metrics and labels of a query, from its syntax tree. Raises ValueError where it is no PromQL."""

    def __init__(self, query: str) -> None:
        self.selectors: list[tuple[str, list[tuple[str, str]]]] = []
        self.grouped: set[str] = set()
        self._walk(promql_parser.parse(query))

    def _walk(self, node: Any) -> None:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            self.selectors.append((node.name, [(one.name, one.value) for one in node.matchers.matchers]))
        modifier = getattr(node, "modifier", None)
        if isinstance(node, promql_parser.AggregateExpr) and modifier is not None:
            self.grouped |= set(modifier.labels)
        for child in ("expr", "lhs", "rhs", "param"):
            if getattr(node, child, None) is not None:
                self._walk(getattr(node, child))
        for argument in getattr(node, "args", ()):
            self._walk(argument)


def family_of(name: str, exposed: Exposed) -> str:
    """`x_bucket` is of `x`, where that is a histogram."""
    for part in PARTS:
        base = name.removesuffix(part)
        if base != name and exposed.get(base, ("",))[0] == "histogram":
            return base
    return name


@pytest.mark.parametrize("where", queries())
def test_a_query_asks_for_what_is_there(where: str, exposed: Exposed) -> None:
    used = Used(queries()[where])
    assert used.selectors, "it asks for nothing"
    present: set[str] = set(TARGET_LABELS)
    for name, matchers in used.selectors:
        if name in OF_PROMETHEUS:
            continue
        family = family_of(name, exposed)
        assert family in exposed, f"there is no {name}"
        kind, labels = exposed[family]
        assert (kind == "histogram") == (family != name), f"{name} is no series of a {kind}"
        own = {*labels, *TARGET_LABELS, *({"le"} if name.endswith("_bucket") else ())}
        assert {label for label, _ in matchers} <= own, name
        assert wrong_values(matchers) == []
        present |= own
    assert used.grouped <= present


def wrong_values(matchers: list[tuple[str, str]]) -> list[str]:
    """Values of `outcome`, `code` and `step` that can never come."""
    codes = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs/problems.md").read_text()))
    words = {outcomes.OK, outcomes.CANCELLED, outcomes.OTHER, *outcomes.INSIDE.values(), "revoked"}
    told = codes | words | {"2xx", "4xx", "5xx"}
    steps = {name.partition(".")[2] for name in MEASURED if name.startswith("connect.")}
    known = {"outcome": told, "code": codes, "step": steps}
    return [
        f"{label}={one}"
        for label, value in matchers
        if label in known
        for one in value.split("|")
        if one not in known[label]
    ]


def test_a_wrong_query_is_found(exposed: Exposed) -> None:
    with pytest.raises(ValueError):
        Used("sum by (tool (rate(valetkey_tool_calls_total[5m]))")
    used = Used("sum by (user) (rate(valetkey_gone_total{code='x'}[5m])) / valetkey_workers > 1")
    assert [name for name, _ in used.selectors] == ["valetkey_gone_total", "valetkey_workers"]
    assert used.grouped == {"user"} and family_of("valetkey_gone_total", exposed) not in exposed
    assert wrong_values([("code", "internal_error|internal")]) == ["code=internal"]


def test_every_rule_says_what_happened_and_what_to_do() -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules()) > 5
    for rule in rules():
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "description"}
        shown = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
        assert shown <= Used(rule["expr"]).grouped | {"instance", "worker"}
        if (grouped := Used(rule["expr"]).grouped - {"le"}) or "sum" in rule["expr"]:
            assert shown <= grouped, "summed up without it"


def test_the_dashboard_can_be_imported_and_shows_no_name_that_is_not_grouped_by() -> None:
    board = dashboard()
    assert board["schemaVersion"] >= 36 and board["title"] == "Valetkey"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in panels():
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            shown = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            filled = re.sub(r"\$\w+", ".*", target["expr"].replace("$__rate_interval", "5m"))
            assert shown <= Used(filled).grouped | {"instance", "worker"}, panel["title"]
    used = {name for query in queries().values() for name, _ in Used(query).selectors}
    unseen = [one.name for one in FAMILIES if not any(name.startswith(one.name) for name in used)]
    assert unseen == []


def test_the_dashboards_choices_exist(exposed: Exposed) -> None:
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            [name, label] = re.findall(r"label_values\((\w+), (\w+)\)", variable["definition"])[0]
            assert label in exposed[name][1] | TARGET_LABELS


def test_the_scrape_configuration_of_the_document_is_yaml_and_has_the_rules_job() -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", (OPERATE / "observing.md").read_text(), re.DOTALL)
    [job] = yaml.safe_load(block)["scrape_configs"]
    assert job["job_name"] == "valetkey" and 'job="valetkey"' in (OPERATE / "alerts.yml").read_text()


def test_every_span_is_explained() -> None:

    told = re.findall(r"`([a-z]+(?:\.[a-z]+)?)`", (OPERATE / "observing.md").read_text())
    assert set(get_args(StepName)) <= set(told)


def test_every_field_of_a_log_line_is_explained(lines: list[dict[str, Any]]) -> None:
    told = (OPERATE / "observing.md").read_text()
    fields = {name for line in lines for name in line}
    assert {"http.request.id", "http.route", "error.code"} <= fields
    assert [one for one in fields if f"`{one}`" not in told] == []
    refused = [line for line in lines if line.get("error.code") == "unknown_tool"]
    assert [line["http.response.status_code"] for line in refused] == [404]
