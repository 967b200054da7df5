"""A chart and its values in, the manifests that Helm makes of them out.

By the `helm` on the path, or else by the Helm that the wheel `helm-sdkpy` carries as a library.
That has no `template`, so it installs into a stand-in for a cluster, which listens until the
release is stored and reads the manifests out of it.
"""

import asyncio
import base64
import gzip
import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

HELM = shutil.which("helm")
IS_AVAILABLE = HELM is not None or importlib.util.find_spec("helm_sdkpy") is not None
RELEASE, NAMESPACE = "foretaste", "shop"
RESOURCES = {
    "v1": {
        "configmaps": "ConfigMap",
        "secrets": "Secret",
        "services": "Service",
        "persistentvolumeclaims": "PersistentVolumeClaim",
    },
    "apps/v1": {"deployments": "Deployment"},
    "autoscaling/v2": {"horizontalpodautoscalers": "HorizontalPodAutoscaler"},
    "monitoring.coreos.com/v1": {"servicemonitors": "ServiceMonitor"},
    "networking.k8s.io/v1": {"ingresses": "Ingress"},
    "policy/v1": {"poddisruptionbudgets": "PodDisruptionBudget"},
}
"""What the stand-in says that the cluster has."""


class ChartError(Exception):
    """Helm refused the chart or the values; the text is what it said."""


def manifests(chart: Path, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Everything that the chart makes, hooks as well."""
    text = _by_command(chart, values) if HELM else _by_library(chart, values)
    return [document for document in yaml.safe_load_all(text) if document]


def _by_command(chart: Path, values: Mapping[str, Any]) -> str:
    command = [
        str(HELM),
        "template",
        RELEASE,
        str(chart),
        "--namespace",
        NAMESPACE,
        "--values",
        "-",
    ]
    done = subprocess.run(
        command, input=json.dumps(values), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ChartError(done.stderr)
    return done.stdout


def _by_library(chart: Path, values: Mapping[str, Any]) -> str:
    from helm_sdkpy import Configuration, HelmError
    from helm_sdkpy.actions import Install

    with _cluster() as (kubeconfig, releases):
        install = Install(Configuration(namespace=NAMESPACE, kubeconfig=kubeconfig))
        try:
            asyncio.run(install.run(RELEASE, str(chart), values=dict(values), wait=False))
        except HelmError as error:
            if not releases:  # else the stand-in was asked for more than it can
                raise ChartError(str(error)) from None
    release = releases[0]
    hooks = [hook["manifest"] for hook in release.get("hooks") or []]
    return "\n---\n".join([release["manifest"], *hooks])


@contextmanager
def _cluster() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """→ how to reach it, and the releases that are stored in it."""
    releases: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer(*_known(self.path.partition("?")[0]))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            stored = re.search(rb"H4sI[A-Za-z0-9+/]+=*", body)  # gzip in base64, in protobuf
            if stored:
                releases.append(json.loads(gzip.decompress(base64.b64decode(stored[0]))))
            self._answer(403, {"kind": "Status", "status": "Failure", "code": 403})

        def _answer(self, status: int, content: object) -> None:
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield yaml.safe_dump(_kubeconfig(address)), releases
    finally:
        server.shutdown()
        server.server_close()


def _kubeconfig(address: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": address}}],
        "users": [{"name": "test", "user": {"token": "none"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }


def _known(path: str) -> tuple[int, dict[str, Any]]:
    """What the stand-in says of itself."""
    if path == "/version":
        return 200, {"major": "1", "minor": "33", "gitVersion": "v1.33.0"}
    if path == "/api":
        return 200, {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        return 200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": _groups()}
    version = path.removeprefix("/apis/").removeprefix("/api/")
    if version in RESOURCES:
        resources = [
            {
                "name": name,
                "singularName": "",
                "namespaced": True,
                "kind": kind,
                "verbs": ["create"],
            }
            for name, kind in RESOURCES[version].items()
        ]
        return 200, {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": version,
            "resources": resources,
        }
    if path.endswith("/secrets"):
        return 200, {"kind": "SecretList", "apiVersion": "v1", "items": []}
    return 404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}


def _groups() -> list[dict[str, Any]]:
    versions = [version for version in RESOURCES if "/" in version]
    return [
        {
            "name": version.partition("/")[0],
            "versions": [{"groupVersion": version, "version": version.partition("/")[2]}],
            "preferredVersion": {
                "groupVersion": version,
                "version": version.partition("/")[2],
            },
        }
        for version in versions
    ]
