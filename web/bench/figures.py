"""What `/metrics` of a service says of a stretch of time: the provider's own part of the calls, and what they cost.

It counts everybody's calls and, of several nodes, those of the one that answers; `calls` shows whether that fits.
"""

from __future__ import annotations

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from web.bench import BenchFailed
from web.bench.exchange import Address, Connection, request


class Figures(msgspec.Struct, frozen=True):
    """Sums since the service began."""

    calls: float = 0.0
    calls_s: float = 0.0
    provider_s: float = 0.0
    cpu_s: float = 0.0

    def since(self, before: Figures) -> Figures:
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(before), strict=True)
        return Figures(*(now - then for now, then in pairs))


_SAMPLES = {
    "valetkey_tool_call_seconds_count": "calls",
    "valetkey_tool_call_seconds_sum": "calls_s",
    "valetkey_provider_request_seconds_sum": "provider_s",
    "valetkey_worker_cpu_seconds_total": "cpu_s",
}


def of(text: str) -> Figures:
    found = dict.fromkeys(_SAMPLES.values(), 0.0)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in _SAMPLES:
                found[_SAMPLES[sample.name]] += sample.value
    return Figures(**found)


async def asked(address: Address) -> Figures | None:
    """Now; None where `/metrics` is not to be had from here, as it should be from outside."""
    async with Connection(address) as connection:
        try:
            answer = await connection.ask(request(address, "GET", "/metrics"))
        except BenchFailed:
            return None
    return (
        of(answer.body.decode()) if answer.status == 200 and b"valetkey_build_info" in answer.body else None
    )
