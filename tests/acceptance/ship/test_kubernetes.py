"""Checks the files of deploy/kubernetes against Kubernetes' schemas, and against the service that they run."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from starlette.routing import Route

from api.app import create_app
from api.config.identity import exposure_problem
from api.config.load import load_settings
from api.config.settings import Settings, variable
from api.process.worker import longest_stop
from millitask import __version__
from tests.acceptance.ship import dockerfile
from tests.acceptance.ship.kubernetes_files import (
    FOLDER,
    KUSTOMIZATIONS,
    OVERLAYS,
    Document,
    can_render,
    documents,
    one,
    pod,
    rendered,
    settings,
    sources,
)
from tests.support.service_process import ROOT

# The oldest version whose fields the files use, and the newest that the validator knows.
VERSIONS = ("1.31", kubernetes_validate.latest_version())
# Resources of the Prometheus operator, without a schema in Kubernetes.
WITHOUT_SCHEMA = {"ServiceMonitor", "PrometheusRule"}
BASE = sources("base")
WORKLOADS = [one(BASE, "Deployment"), one(BASE, "Job")]
STORES = {"DATABASE_URL": "postgresql://millitask@db/millitask", "REDIS_URL": "rediss://cache:6379/0"}
needs_kubectl = pytest.mark.skipif(not can_render(), reason="kubectl, which contains Kustomize, is not installed")
each_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload["kind"])


def check_schema(document: Document) -> None:
    if document["kind"] not in WITHOUT_SCHEMA:
        for version in VERSIONS:
            kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_files_match_the_schemas_of_kubernetes(name: str) -> None:
    found = sources(name)
    assert len(found) >= 8
    for document in found:
        check_schema(document)


@needs_kubectl
@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_rendered_files_match_the_schemas_and_refer_to_what_they_contain(name: str) -> None:
    found = rendered(name)
    assert {document["kind"] for document in found} == {document["kind"] for document in sources(name)} | {"ConfigMap"}
    for document in found:
        check_schema(document)
    given = one(found, "ConfigMap")
    assert given["data"] == settings(name)
    [container] = pod(one(found, "Deployment"))["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": given["metadata"]["name"]}}]


@needs_kubectl
@pytest.mark.parametrize("name", OVERLAYS)
def test_overlay_runs_this_version_in_a_restricted_namespace(name: str) -> None:
    found = rendered(name)
    namespace = one(found, "Namespace")["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {document["metadata"]["namespace"] for document in found if document["kind"] != "Namespace"} == {
        namespace["name"]
    }
    images = {container["image"] for kind in ("Deployment", "Job") for container in pod(one(found, kind))["containers"]}
    assert {image.rpartition(":")[2] for image in images} == {__version__}


@needs_kubectl
def test_production_limits_connections_to_the_stores_to_a_network() -> None:
    rules = one(rendered("production"), "NetworkPolicy", "millitask")["spec"]["egress"]
    [stores] = [rule for rule in rules if 5432 in {port["port"] for port in rule["ports"]}]
    assert "ipBlock" in stores["to"][0]


def test_schema_check_finds_a_misspelt_field() -> None:
    document = {**one(BASE, "Service"), "spec": {"portz": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        check_schema(document)


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_settings_are_documented_and_valid(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    [container] = pod(WORKLOADS[0])["containers"]
    given = settings(name) | {entry["name"]: entry.get("value", "") for entry in container["env"]}
    page = (ROOT / "docs/reference/settings.md").read_text()
    assert {each for each in given if f"| `{each}` |" not in page} == set()
    assert given.keys() <= {variable(field) for field in Settings.model_fields}
    for each, value in (given | STORES).items():
        if each.endswith("_FILE"):
            file = tmp_path / each
            file.write_text("0" * 32)
            value = str(file)
        monkeypatch.setenv(each, value)
    loaded = load_settings()
    assert exposure_problem(loaded.host, loaded) is None
    assert loaded.port == container["ports"][0]["containerPort"]
    # The pod ends a worker itself before Kubernetes kills it.
    assert pod(WORKLOADS[0])["terminationGracePeriodSeconds"] > longest_stop(loaded)


def test_drain_is_longer_than_the_readiness_probe_needs() -> None:
    probe = pod(WORKLOADS[0])["containers"][0]["readinessProbe"]
    noticed_seconds = probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"]
    assert float(settings("production")["MILLITASK_DRAIN_SECONDS"]) > noticed_seconds


def test_probes_and_scrapes_ask_for_routes_of_the_service() -> None:
    app = create_app(Settings.model_validate(STORES))
    routes = {route.path for route in app.routes if isinstance(route, Route)}
    [container] = pod(WORKLOADS[0])["containers"]
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    [endpoint] = one(sources("production"), "ServiceMonitor")["spec"]["endpoints"]
    assert {probe["path"] for probe in probes} | {endpoint["path"]} <= routes
    assert probes[1]["path"] == "/livez"  # no pod restarts because of a store
    assert probes[2]["path"] == "/readyz"
    assert {probe["port"] for probe in probes} == {container["ports"][0]["name"]}


def test_selectors_match_labels() -> None:
    deployment, service = one(BASE, "Deployment"), one(BASE, "Service")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert service["spec"]["selector"] == labels
    assert one(BASE, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    for spread in pod(deployment)["topologySpreadConstraints"]:
        assert spread["labelSelector"]["matchLabels"] == labels
    # Each policy is for the pods of one workload, and no pod is without a policy.
    policies = [each["spec"]["podSelector"]["matchLabels"] for each in BASE if each["kind"] == "NetworkPolicy"]
    assert policies == [workload["spec"]["template"]["metadata"]["labels"] for workload in WORKLOADS]
    target = one(BASE, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", deployment["metadata"]["name"])
    monitor = one(sources("production"), "ServiceMonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    [port] = service["spec"]["ports"]
    assert monitor["endpoints"][0]["port"] == port["name"]
    assert port["targetPort"] == pod(deployment)["containers"][0]["ports"][0]["name"]


@each_workload
def test_pod_is_restricted(workload: Document) -> None:
    specification = pod(workload)
    security = specification["securityContext"]
    user, _, group = dockerfile.read().user.partition(":")
    assert security["runAsNonRoot"] is True
    assert (security["runAsUser"], security["runAsGroup"]) == (int(user), int(group))
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert specification["automountServiceAccountToken"] is False
    assert specification["enableServiceLinks"] is False
    for container in specification["containers"]:
        own = container["securityContext"]
        assert own["readOnlyRootFilesystem"] is True
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert set(container["resources"]) == {"requests", "limits"}
        assert set(container["resources"]["limits"]) == {"cpu", "memory"}
        writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
        assert writable == ["/tmp"]
    assert not any("hostPath" in volume for volume in specification["volumes"])


@each_workload
def test_passwords_come_from_secrets(workload: Document) -> None:
    specification = pod(workload)
    [container] = specification["containers"]
    files = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in specification["volumes"]}
    for entry in container["env"]:
        if entry["name"].endswith("_URL"):
            assert entry["valueFrom"]["secretKeyRef"].keys() == {"name", "key"}
        else:
            assert entry["name"].endswith("_FILE")
            folder, _, file = entry["value"].rpartition("/")
            secret = volumes[files[folder]]["secret"]
            assert [item["path"] for item in secret["items"]] == [file]


def test_no_file_contains_a_secret() -> None:
    for path in FOLDER.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert "kind: Secret\n" not in text
            assert "secretGenerator" not in text
            assert not re.search(r"//[^/\s]*:[^/\s]*@", text)
            assert not re.search(r"^\s*(?:password|token|stringData):", text, re.MULTILINE)


def test_migration_has_a_name_for_this_version_and_runs_as_the_owner() -> None:
    job = one(BASE, "Job")
    assert job["metadata"]["name"] == f"millitask-migrate-{__version__.replace('.', '-')}"
    [container] = pod(job)["containers"]
    assert container["command"] == ["python", "-m", "api", "migrate"]
    secrets = {entry["valueFrom"]["secretKeyRef"]["name"] for entry in container["env"] if "valueFrom" in entry}
    assert secrets == {"millitask-database-owner"}


def test_guide_names_every_secret_and_the_connections_of_all_pods() -> None:
    guide = (ROOT / "docs/how-to/run-on-kubernetes.md").read_text()
    named: set[str] = set()
    for workload in WORKLOADS:
        named |= {volume["secret"]["secretName"] for volume in pod(workload)["volumes"] if "secret" in volume}
    assert {name for name in named if f"create secret generic {name} " not in guide} == set()
    given: dict[str, Any] = settings("production")
    loaded = Settings(
        identity=given["MILLITASK_IDENTITY"],
        workers=int(given["MILLITASK_WORKERS"]),
        database_pool_size=int(given["MILLITASK_DATABASE_POOL_SIZE"]),
    )
    surge = one(BASE, "Deployment")["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    pods = one(BASE, "HorizontalPodAutoscaler")["spec"]["maxReplicas"] + surge
    assert f"{pods} × {loaded.database_connections} + 30 = {pods * loaded.database_connections + 30}" in guide


def test_documented_patch_for_a_replica_fits_the_deployment() -> None:
    guide = (ROOT / "docs" / "how-to" / "run-on-kubernetes.md").read_text()
    [block] = re.findall(r"```yaml\n(patches:\n.*?)```", guide, re.DOTALL)
    [kustomization] = documents(block)
    [patch] = kustomization["patches"]
    operations: Any = documents(patch["patch"])[0]
    deployment = deepcopy(one(BASE, patch["target"]["kind"]))
    for operation in operations:
        place: Any = deployment
        for step in operation["path"].removesuffix("/-").strip("/").split("/"):
            place = place[int(step) if step.isdigit() else step]
        place.append(operation["value"])
    check_schema(deployment)
    [container] = pod(deployment)["containers"]
    given = {entry["name"]: entry.get("value") for entry in container["env"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert "DATABASE_REPLICA_URL" in given
    assert given["MILLITASK_DATABASE_REPLICA_PASSWORD_FILE"] == f"{mounts['replica']}/password"
