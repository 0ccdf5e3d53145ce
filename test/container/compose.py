"""Runs the services of container/compose.yaml by podman, as it says, but in one network of their own without any other host:
so it needs neither a daemon nor rights in the network of this machine."""

import os
import pathlib
import re
import resource
import subprocess
import time

import yaml

ROOT = pathlib.Path(__file__).parents[2]
FILE = ROOT / "container/compose.yaml"
PODMAN = os.environ["PODMAN"].split()
NETWORK = "frontrow-network"  # the container that has it
# nothing that the file says is passed over in silence
KNOWN = {"image", "build", "command", "environment", "ports", "networks", "tmpfs", "volumes", "ulimits", "depends_on",
         "healthcheck", "secrets", "read_only", "cap_drop", "security_opt", "restart", "stop_grace_period"}


def podman(*arguments, timeout=120, check=True, **more):
    done = subprocess.run([*PODMAN, *arguments], timeout=timeout, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **more)
    assert done.returncode == 0 or not check, f"{arguments}\n{done.stdout}{done.stderr}"
    return done


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.2)


def limits():
    """What a container may have at most: no more than this process, which may not raise it."""
    most = {"nofile": resource.getrlimit(resource.RLIMIT_NOFILE)[1], "nproc": 4096}
    return {name: min(value, 65536) for name, value in most.items()}


class Services:
    def __init__(self, secrets, **variables):
        """secrets: the folder in place of container/secrets; variables: those of the file."""
        text = re.sub(r"\$\{(\w+):-(.*?)\}", lambda match: variables.get(match[1], match[2]), FILE.read_text())
        self.file = yaml.safe_load(text)
        self.services = self.file["services"]
        self.secrets = secrets
        self.hosts = secrets.parent / "hosts"
        self.hosts.write_text("127.0.0.1 localhost " + " ".join(self.services) + "\n")

    def start_network(self):
        podman("run", "--detach", "--name", NETWORK, "--network", "none", *ulimits({}),
               "localhost/frontrow/app", "tini", "sleep", "infinity")

    def up(self):
        """All, each when what it depends on is as it says."""
        self.start_network()
        for name in self.services:
            self.start(name)

    def start(self, name):
        if podman("container", "exists", self.container(name), check=False).returncode == 0:
            return
        service = self.services[name]
        assert not set(service) - KNOWN
        for other, said in service.get("depends_on", {}).items():
            self.start(other)
            {"service_healthy": self.wait_healthy, "service_completed_successfully": self.wait_completed}[
                said["condition"]](other)
        podman("run", "--detach", "--name", self.container(name), "--network", f"container:{NETWORK}",
               "--volume", f"{self.hosts}:/etc/hosts:ro", *self.options(service), f"localhost/{service['image']}", *service.get("command", []))

    def options(self, service):
        assert service["read_only"]
        options = ["--read-only", "--read-only-tmpfs=false", *ulimits(service.get("ulimits", {}))]
        for word in "cap_drop", "security_opt", "tmpfs":
            options += [f"--{word.replace('_', '-')}={value}" for value in service.get(word, [])]
        for name, value in service.get("environment", {}).items():
            options += ["--env", f"{name}={value}"]
        for volume in service.get("volumes", []):
            source, rest = volume.split(":", 1)
            assert source in self.file["volumes"] or source.startswith("./")
            source = FILE.parent / source if source.startswith("./") else f"frontrow-{source}"
            options += ["--volume", f"{source}:{rest}"]
        for name in service.get("secrets", []):
            file = self.secrets / pathlib.Path(self.file["secrets"][name]["file"]).relative_to("secrets")
            options += ["--volume", f"{file}:/run/secrets/{name}:ro"]
        return options

    def container(self, name):
        return f"frontrow-{name}"

    def is_healthy(self, name):
        kind, *words = self.services[name]["healthcheck"]["test"]
        words = words if kind == "CMD" else ["sh", "-c", words[0].replace("$$", "$")]
        return self.exec(name, *words, check=False).returncode == 0

    def wait_healthy(self, name):
        try:
            wait_for(lambda: self.is_healthy(name), 60)
        except AssertionError as late:
            raise AssertionError(f"{name} is not healthy: {self.log(name)}") from late

    def wait_completed(self, name):
        assert podman("wait", self.container(name)).stdout.strip() == "0", self.log(name)

    def exec(self, name, *words, **more):
        return podman("exec", self.container(name), *words, **more)

    def log(self, name):
        done = podman("logs", self.container(name))
        return done.stdout + done.stderr

    def state(self, name):
        return podman("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}", self.container(name)).stdout.split()

    def stop(self, name):
        """With its time; -> its exit status."""
        grace = self.services[name].get("stop_grace_period", "10s").removesuffix("s")
        podman("stop", "--time", grace, self.container(name))
        return int(self.state(name)[1])

    def down(self):
        names = [self.container(name) for name in self.services]
        for some in names, [NETWORK]:  # which the others need
            podman("rm", "--force", "--time", "1", "--volumes", "--ignore", *some)
        podman("volume", "rm", "--force", *[f"frontrow-{name}" for name in self.file["volumes"]], check=False)


def ulimits(wanted):
    return [f"--ulimit={name}={value}:{value}" for name, value in
            {**limits(), **{name: min(value, limits()[name]) for name, value in wanted.items()}}.items()]
