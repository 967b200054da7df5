"""The Ray job: pods that Kubernetes takes and that are as closed as the chart's, and commands that
there are.
"""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from foretaste.config.load import load_config

from .test_image import DEPLOY, DOCKERFILE, REPOSITORY, parses

MANIFEST = DEPLOY / "ray" / "rayjob.yaml"
FIELDS = {
    "": {"apiVersion", "kind", "metadata", "spec"},
    "spec": {
        *("entrypoint", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "backoffLimit"),
        *("activeDeadlineSeconds", "submitterPodTemplate", "rayClusterSpec"),
    },
    "spec.rayClusterSpec": {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs"},
    "spec.rayClusterSpec.headGroupSpec": {"rayStartParams", "template"},
}
"""Those of ray.io/v1 that are used; a misspelt one is ignored by a cluster."""
WORKER_FIELDS = {
    *("groupName", "replicas", "minReplicas", "maxReplicas"),
    "rayStartParams",
    "template",
}


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
    return content


def pod_templates(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cluster = job["spec"]["rayClusterSpec"]
    groups = (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])
    yield from (job["spec"]["submitterPodTemplate"], *(group["template"] for group in groups))


def test_every_field_is_one_of_a_ray_job(job: dict[str, Any]) -> None:
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    for path, fields in FIELDS.items():
        part: Any = job
        for name in filter(None, path.split(".")):
            part = part[name]
        assert set(part) == fields, path
    for group in job["spec"]["rayClusterSpec"]["workerGroupSpecs"]:
        assert set(group) == WORKER_FIELDS
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


@pytest.mark.skipif(
    importlib.util.find_spec("kubernetes_validate") is None,
    reason="no kubernetes-validate: `make check-deploy` installs it",
)
def test_kubernetes_takes_every_pod(job: dict[str, Any]) -> None:
    import kubernetes_validate

    for template in pod_templates(job):
        metadata = {"name": "pod", **template["metadata"]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
        kubernetes_validate.validate(pod, "1.33", strict=True)


def test_no_container_may_more_than_those_of_the_chart(job: dict[str, Any]) -> None:
    for template in pod_templates(job):
        pod = template["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        names = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {mount["name"] for mount in container["volumeMounts"]} <= names
            assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}
    assert job["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "token"}


def test_the_environment_is_one_of_settings(job: dict[str, Any], tmp_path: Path) -> None:
    for template in pod_templates(job):
        for container in template["spec"]["containers"]:
            entries = {entry["name"]: entry.get("value", "text") for entry in container["env"]}
            load_config(tmp_path, entries)


def test_its_commands_are_ones(job: dict[str, Any]) -> None:
    program, *words = shlex.split(job["spec"]["entrypoint"])
    assert program == "foretaste"
    parses(words)
    assert words[-2:] == ["--ray", "auto"]
    in_comment = re.search(r"# (foretaste batch .*)", MANIFEST.read_text())
    assert in_comment is not None
    parses(shlex.split(in_comment[1])[1:])
    page = (REPOSITORY / "docs" / "deployment.md").read_text()
    submitted = re.search(r"^ray job submit .* -- foretaste (.*)$", page, re.MULTILINE)
    assert submitted is not None
    parses(shlex.split(submitted[1]))


def test_the_version_of_ray_is_that_of_the_lock(job: dict[str, Any]) -> None:
    locked = re.search(r"^ray==(.*)$", (REPOSITORY / "requirements.lock").read_text(), re.MULTILINE)
    assert locked is not None
    assert job["spec"]["rayClusterSpec"]["rayVersion"] == locked[1]
    for path in (MANIFEST, DOCKERFILE, REPOSITORY / "docs" / "deployment.md"):
        assert f"ADDED='ray[default]=={locked[1]}'" in path.read_text()
