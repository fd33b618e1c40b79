"""The page of metrics, read by the parsers of Prometheus' own client library."""

import time
import urllib.request

from prometheus_client.openmetrics import parser as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from .harness import GATEWAY, LOCKED_GATEWAY, PATIENCE, check, client, equal, user

OPEN_METRICS = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


def page(gateway: str, accept: str, label: str) -> str:
    """The page in the format that is accepted."""
    url = gateway.removesuffix("/v1") + "/metrics"
    request = urllib.request.Request(url, headers={"accept": accept})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        equal(answer.headers["content-type"], label)
        return answer.read().decode()


def plain(gateway: str) -> list:
    label = "text/plain; version=0.0.4; charset=utf-8"
    return list(text_string_to_metric_families(page(gateway, "*/*", label)))


def newer(gateway: str) -> list:
    label = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    return list(open_metrics.text_string_to_metric_families(page(gateway, OPEN_METRICS, label)))


def counted(families: list, name: str, **labels: str) -> float:
    """The sum of a metric's samples with these labels."""
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


@check
def metrics_are_read_in_both_formats():
    client.chat.completions.create(model="sim-fast", messages=user("hi"))
    for chunk in client.chat.completions.create(
        model="sim-smart", messages=user("hi"), stream=True, stream_options={"include_usage": True}
    ):
        equal(chunk.object, "chat.completion.chunk")
    end = time.monotonic() + PATIENCE
    while counted(newer(GATEWAY), "modelport_requests_total", gen_ai_request_model="sim-smart") < 1:
        assert time.monotonic() < end, "the requests are not counted"
        time.sleep(0.02)
    one, other = plain(GATEWAY), newer(GATEWAY)
    kinds = [{family.name: family.type for family in families} for families in (one, other)]
    equal(kinds[0], kinds[1])
    assert "unknown" not in kinds[0].values(), kinds[0]
    for families in (one, other):
        for name in ["request_duration", "time_to_first_token"]:
            name = f"gen_ai_server_{name}_seconds_count"
            assert counted(families, name, gen_ai_operation_name="chat") >= 1, name
        assert counted(families, "gen_ai_client_token_usage_count", gen_ai_token_type="output") >= 2
        assert counted(families, "modelport_attempts_total", outcome="answered", step="first") >= 2
        assert counted(families, "process_start_time_seconds") > 1_700_000_000
        equal(counted(families, "modelport_build_info"), 1)


@check
def metrics_need_no_key_on_this_machine():
    assert plain(LOCKED_GATEWAY)
