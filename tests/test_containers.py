"""What deploy/ has for containers and platforms that tests cannot start: well-formed, and true of the code."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from fronts import DEPLOY
from programs import Program, free_port, wait_until
from publishing import SETTINGS, Editor, post
from server import ROOT, Client

from app import app
from bitacora.settings import Operator, Site, read_operator, read_site

NOT_STARTED = ("Dockerfile", "compose.yaml", "kubernetes.yaml", "Procfile", "fly.toml", "render.yaml")
OF_START = {"SITE_REPOSITORY", "PULL_SECONDS"}
OF_GUNICORN = {"PORT", "WEB_CONCURRENCY"}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def loaded(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def kubernetes() -> dict[str, Any]:
    return {found["kind"]: found for found in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}


def pod() -> Any:
    return kubernetes()["Deployment"]["spec"]["template"]["spec"]


def environments() -> Iterator[tuple[str, Mapping[str, str]]]:
    """The variables that each file gives to the blog; those that the operator fills in have an example."""
    yield "Dockerfile", dict(re.findall(r"^(?:ENV)? +([A-Z_]+)=(\S+?)(?: \\)?$", DOCKERFILE, re.M))
    compose = loaded("compose.yaml")["services"]["blog"]["environment"]
    yield "compose.yaml", compose | {"BITACORA_URL": "https://blog.example.org"}
    listed = [item for item in pod()["containers"][0]["env"] if "value" in item]
    yield "kubernetes.yaml", {item["name"]: item["value"] for item in listed}
    yield "fly.toml", tomllib.loads((DEPLOY / "fly.toml").read_text())["env"]
    listed = [item for item in loaded("render.yaml")["services"][0]["envVars"] if "value" in item]
    yield "render.yaml", {item["key"]: item["value"] for item in listed}


@pytest.mark.parametrize("name", NOT_STARTED)
def test_each_says_on_top_that_it_was_not_started(name: str) -> None:
    assert "NOT started by the project's tests" in "".join((DEPLOY / name).read_text().splitlines()[:2])


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    known = {f"BITACORA_{setting.name.upper()}" for setting in (*fields(Operator), *fields(Site))}
    assert set(re.findall("BITACORA_[A-Z_]+", path.read_text())) <= known


@pytest.mark.parametrize(
    ("name", "environ"), [*environments()], ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_settings_of_each_are_accepted(name: str, environ: Mapping[str, str]) -> None:
    operator = read_operator(environ, ROOT)
    assert str(operator.site) == ("/git/current" if name == "compose.yaml" else "/srv/blog/current")
    assert name == "Dockerfile" or operator.trust_proxy == 1
    read_site("", environ)
    ours = {name for name in environ if not name.startswith("BITACORA_")}
    assert ours <= OF_START | OF_GUNICORN | {"PATH", "HOME", "PYTHONDONTWRITEBYTECODE"}
    assert environ["PORT"] == "8000"


def test_probes_ask_for_addresses_that_the_blog_has() -> None:
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    fly = tomllib.loads((DEPLOY / "fly.toml").read_text())["http_service"]
    blog = pod()["containers"][0]
    asked = {
        **{name: blog[name]["httpGet"]["path"] for name in blog if name.endswith("Probe")},
        "fly": fly["checks"][0]["path"],
        "render": loaded("render.yaml")["services"][0]["healthCheckPath"],
        "docker": next(iter(re.findall(r"'(/[a-z]+)'", DOCKERFILE))),
    }
    assert set(asked.values()) <= routes
    assert asked["livenessProbe"] == asked["docker"] == "/healthz", (
        "that a page cannot be had is no reason to kill"
    )
    assert asked["readinessProbe"] == asked["startupProbe"] == asked["fly"] == asked["render"] == "/readyz"
    assert fly["internal_port"] == blog["ports"][0]["containerPort"] == 8000
    assert "EXPOSE 8000" in DOCKERFILE


def test_whoever_stops_a_container_waits_for_its_requests() -> None:
    graceful = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["graceful_timeout"]
    assert pod()["terminationGracePeriodSeconds"] >= graceful + 5
    assert loaded("compose.yaml")["services"]["blog"]["stop_grace_period"] == "40s"
    assert loaded("render.yaml")["services"][0]["maxShutdownDelaySeconds"] >= graceful
    fly = tomllib.loads((DEPLOY / "fly.toml").read_text())
    assert (fly["kill_signal"], fly["kill_timeout"] >= graceful) == ("SIGTERM", True)


# --- Kubernetes


@pytest.mark.parametrize("kind", [*kubernetes()])
def test_manifests_are_what_kubernetes_takes(kind: str) -> None:
    for version in ("1.30", kubernetes_validate.latest_version()):
        kubernetes_validate.validate(kubernetes()[kind], version, strict=True)


def test_a_manifest_with_a_mistake_is_not() -> None:
    deployment = kubernetes()["Deployment"]
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, kubernetes_validate.latest_version(), strict=True)


def test_containers_may_write_nowhere_but_where_they_must() -> None:
    for container in (*pod()["initContainers"], *pod()["containers"]):
        assert container["securityContext"] == {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }
    for service in ("blog", "git-sync"):
        found = loaded("compose.yaml")["services"][service]
        assert (found["read_only"], found["cap_drop"]) == (True, ["ALL"])
    assert f"USER {pod()['securityContext']['runAsUser']}:" in DOCKERFILE
    assert pod()["securityContext"]["runAsNonRoot"]


def test_the_blog_sees_the_folder_of_the_link_where_git_sync_made_it() -> None:
    """git writes whole paths, and a mount of the link itself would stay at the first commit."""
    (sync,), (blog,) = pod()["initContainers"], pod()["containers"]
    mounts = {mount["name"]: mount for mount in blog["volumeMounts"]}
    flags = dict(arg.removeprefix("--").split("=") for arg in sync["args"] if "=" in arg)
    site = next(item["value"] for item in blog["env"] if item["name"] == "BITACORA_SITE")
    assert site == f"{flags['root']}/{flags['link']}"
    assert mounts["site"] == {"name": "site", "mountPath": flags["root"], "readOnly": True}
    assert {"name": "site", "mountPath": flags["root"]} in sync["volumeMounts"]
    compose = loaded("compose.yaml")["services"]["git-sync"]["command"]
    assert {arg for arg in compose if not arg.startswith(("--repo", "--root"))} <= set(sync["args"])
    assert (flags["depth"], flags["stale-worktree-timeout"]) == ("0", "60s")


def test_with_compose_the_site_lies_where_it_belongs_to_the_user_of_git_sync() -> None:
    """A new volume takes the owner of the folder that the image has there: that of git-sync has /git alone."""
    services = loaded("compose.yaml")["services"]
    sync, blog = services["git-sync"], services["blog"]
    assert (sync["volumes"], blog["volumes"][0]) == (["site:/git"], "site:/git:ro")
    assert "--root=/git" in sync["command"]
    assert sync["healthcheck"]["test"][-1] == blog["environment"]["BITACORA_SITE"] == "/git/current"


def test_services_and_budgets_select_the_pods_that_there_are() -> None:
    found, labels = kubernetes(), kubernetes()["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert found["Service"]["spec"]["selector"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert (
        found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"]
        == found["Deployment"]["metadata"]["name"]
    )
    backend = found["Ingress"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend == {"name": found["Service"]["metadata"]["name"], "port": {"name": "http"}}


def test_how_many_replicas_there_are_is_the_autoscaler_s_affair_alone() -> None:
    """A number beside it would be set again by each `kubectl apply`, in the middle of the day's crowd."""
    found = kubernetes()
    assert "replicas" not in found["Deployment"]["spec"]
    assert found["HorizontalPodAutoscaler"]["spec"]["minReplicas"] == 2


# --- Docker


def test_all_that_the_image_copies_is_there_and_let_in() -> None:
    allowed = [
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[0] == "!"
    ]
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.M)
    sources = {source for line in copied for source in line.split()}
    assert sources == set(allowed)
    assert all((ROOT / source).exists() for source in sources)
    assert not any(fnmatch("posts", pattern) for pattern in allowed), "no site is in the image"
    needed = {"app.py", "gunicorn.conf.py", "bitacora", "templates", "static"}
    assert needed <= sources


def test_the_packages_of_the_image_are_those_of_the_project() -> None:
    assert re.findall(r"pip install (.+) -r (\S+)", DOCKERFILE) == [
        ("--no-cache-dir --require-hashes", "requirements.lock"),
        ("--no-cache-dir --require-hashes", "redis.lock"),
    ]
    assert re.findall(r"^FROM python:(\S+?)-slim", DOCKERFILE, re.M) == ["3.11", "3.11"]


def test_what_a_container_starts_fetches_the_site_and_keeps_it_new(tmp_path: Path) -> None:
    assert 'CMD ["deploy/start"]' in DOCKERFILE
    assert yaml.safe_load((DEPLOY / "Procfile").read_text()) == {"web": "deploy/start"}
    editor = Editor(tmp_path / "work", tmp_path / "work")
    editor.commit({"site.toml": SETTINGS, "posts/a.md": post("Uno")})
    port = free_port()
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PORT": str(port),
        "WEB_CONCURRENCY": "",  # as a file for compose may have it
        "PULL_SECONDS": "0.2",
        "SITE_REPOSITORY": f"file://{editor.folder}",
        "BITACORA_SITE": str(tmp_path / "blog/current"),
        "BITACORA_CACHE_DIR": str(tmp_path / "cache"),
    }
    with Program([DEPLOY / "start"], port, tmp_path / "log", environ):
        client = Client(port)
        assert "Uno" in client.get("/2026/01/01/a/").text
        editor.commit({"posts/a.md": post("Dos")})
        wait_until(lambda: "Dos" in client.get("/2026/01/01/a/").text)
        client.close()


@pytest.mark.parametrize("workers", ["x", "1.5", "-1"])
def test_a_number_of_workers_that_is_none_is_said_in_a_sentence(workers: str) -> None:
    environ = {"PATH": os.environ["PATH"], "WEB_CONCURRENCY": workers}
    done = subprocess.run([DEPLOY / "start"], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == f"WEB_CONCURRENCY = '{workers}' is not allowed: write a whole number, or leave it out.\n"


@pytest.mark.parametrize("site", ["blog", "blog/currently", ""])
def test_a_site_to_fetch_that_is_no_home_s_current_is_said_in_a_sentence(site: str, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "SITE_REPOSITORY": "https://forge.example/you/blog.git"}
    where = str(tmp_path / site) if site else ""
    done = subprocess.run(
        [DEPLOY / "start"], env={**environ, "BITACORA_SITE": where}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        f"BITACORA_SITE = '{where}' is not allowed with SITE_REPOSITORY: "
        "it must end in /current, like /srv/blog/current.\n"
    )
    assert not [*tmp_path.iterdir()]
