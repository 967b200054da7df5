"""What Helm makes of the chart: valid for Kubernetes, closed, and refused where it cannot work."""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from foretaste.config.load import load_config

from . import helm
from .test_image import parses

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "foretaste"
LARGE = {
    "api": {"workers": 2},
    "autoscaling": {"enabled": True, "latencyMilliseconds": 80},
    "consumers": [
        {"name": "clicks", "sourceSecret": "clicks", "envFrom": [{"secretRef": {"name": "keys"}}]},
        {"name": "catalogue", "sourceSecret": "shop", "sourceKey": "feed", "records": "items"},
    ],
    "database": {"existingSecret": "foretaste-database"},
    "envFrom": [{"secretRef": {"name": "foretaste-more"}}],
    "hosts": ["lists.example.org"],
    "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "tls"},
    "persistence": {"accessModes": ["ReadWriteMany"], "storageClass": "shared"},
    "serviceMonitor": {"enabled": True, "keySecret": "metrics-key"},
}
"""Everything that can be turned on."""
Manifests = list[dict[str, Any]]

pytestmark = pytest.mark.skipif(
    not helm.IS_AVAILABLE, reason="no Helm: `make check-deploy` installs it"
)


@pytest.fixture(scope="module", params=[{}, LARGE], ids=["small", "large"])
def manifests(request: pytest.FixtureRequest) -> Manifests:
    return helm.manifests(CHART, request.param)


def of_kind(manifests: Manifests, kind: str) -> Manifests:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def pods(manifests: Manifests) -> Iterator[dict[str, Any]]:
    for manifest in (*of_kind(manifests, "Deployment"), *of_kind(manifests, "Job")):
        yield manifest["spec"]["template"]["spec"]


def containers(manifests: Manifests) -> Iterator[dict[str, Any]]:
    for pod in pods(manifests):
        yield from (*pod.get("initContainers", ()), *pod["containers"])


@pytest.mark.skipif(
    importlib.util.find_spec("kubernetes_validate") is None,
    reason="no kubernetes-validate: `make check-deploy` installs it",
)
def test_kubernetes_takes_every_manifest(manifests: Manifests) -> None:
    import kubernetes_validate

    for manifest in manifests:
        if manifest["kind"] != "ServiceMonitor":  # of the operator of Prometheus
            kubernetes_validate.validate(manifest, "1.33", strict=True)


def test_what_there_is(manifests: Manifests) -> None:
    kinds = {manifest["kind"] for manifest in manifests}
    small = {"ConfigMap", "PersistentVolumeClaim", "Service", "Deployment", "Job"}
    large = {"HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress", "ServiceMonitor"}
    assert kinds in (small, small | large)
    assert [
        job["metadata"]["annotations"]["helm.sh/hook"] for job in of_kind(manifests, "Job")
    ] == ["pre-upgrade"]


def test_no_container_may_more_than_it_needs(manifests: Manifests) -> None:
    for pod in pods(manifests):
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
    for container in containers(manifests):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_the_environment_is_one_of_settings(manifests: Manifests, tmp_path: Path) -> None:
    for container in containers(manifests):
        values = {entry["name"]: entry.get("value", "text") for entry in container["env"]}
        hosts = load_config(tmp_path, values).serve.hosts
        assert "foretaste.shop.svc.cluster.local" in hosts


def test_the_settings_are_ones(manifests: Manifests, tmp_path: Path) -> None:
    (config_map,) = of_kind(manifests, "ConfigMap")
    (tmp_path / "foretaste.toml").write_text(config_map["data"]["foretaste.toml"])
    assert load_config(tmp_path, {}).name == "Shop"


def test_no_secret_stands_in_a_manifest(manifests: Manifests) -> None:
    assert of_kind(manifests, "Secret") == []
    for container in containers(manifests):
        for entry in container["env"]:
            if entry["name"] == "FORETASTE_BEHAVIOUR__DATABASE":
                assert entry.keys() == {"name", "valueFrom"}


def test_the_service_and_the_budget_choose_the_pods_that_answer(manifests: Manifests) -> None:
    api, *others = sorted(of_kind(manifests, "Deployment"), key=component)
    labels = api["spec"]["template"]["metadata"]["labels"]
    choices = [service["spec"]["selector"] for service in of_kind(manifests, "Service")]
    choices += [
        budget["spec"]["selector"]["matchLabels"]
        for budget in of_kind(manifests, "PodDisruptionBudget")
    ]
    for choice in choices:
        assert choice.items() <= labels.items()
        for other in others:
            assert not choice.items() <= other["spec"]["template"]["metadata"]["labels"].items()


def component(manifest: dict[str, Any]) -> str:
    return str(manifest["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"])


def test_each_consumer_is_told_its_source_by_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    deployments = of_kind(helm.manifests(CHART, LARGE), "Deployment")
    pods = {component(each): each["spec"]["template"]["spec"] for each in deployments}
    clicks, catalogue = (
        pods[f"consume-{name}"]["containers"][0] for name in ("clicks", "catalogue")
    )
    assert catalogue["args"] == ["consume", "--name", "catalogue", "--records", "items"]
    monkeypatch.setenv("FORETASTE_SOURCE", "kafka://host/topic")
    parses(catalogue["args"])
    (source,) = (each for each in catalogue["env"] if each["name"] == "FORETASTE_SOURCE")
    assert source["valueFrom"] == {"secretKeyRef": {"name": "shop", "key": "feed"}}
    assert [each["secretRef"]["name"] for each in clicks["envFrom"]] == ["foretaste-more", "keys"]
    names = [each["name"] for each in pods["worker"]["containers"][0]["env"]]
    assert "FORETASTE_SOURCE" not in names


def test_latency_is_a_reason_to_scale() -> None:
    (scaler,) = of_kind(helm.manifests(CHART, LARGE), "HorizontalPodAutoscaler")
    assert [metric["type"] for metric in scaler["spec"]["metrics"]] == ["Resource", "Pods"]
    assert scaler["spec"]["metrics"][1]["pods"]["target"]["averageValue"] == "80m"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"api": {"replicas": 2}}, "database.existingSecret"),
        (
            {"api": {"replicas": 2}, "database": {"existingSecret": "db"}},
            "persistence.accessModes",
        ),
        ({"autoscaling": {"enabled": True}}, "database.existingSecret"),
        ({"serviceMonitor": {"enabled": True}}, "serviceMonitor.keySecret"),
        ({"consumers": [{"name": "clicks"}]}, "a name and a sourceSecret"),
    ],
)
def test_what_cannot_work_is_refused(values: Mapping[str, Any], reason: str) -> None:
    with pytest.raises(helm.ChartError, match=reason):
        helm.manifests(CHART, values)


def test_hosts_are_json() -> None:
    container = next(containers(helm.manifests(CHART, LARGE)))
    values = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert json.loads(values["FORETASTE_SERVE__HOSTS"])[-2:] == [
        "recommend.example.org",
        "lists.example.org",
    ]
