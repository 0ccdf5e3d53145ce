"""under_unit.py UNIT PROGRAM ARGUMENT...: runs a program under those rules of a systemd unit that the kernel
keeps by a filter of system calls: SystemCallFilter=, RestrictAddressFamilies=, MemoryDenyWriteExecute=."""

import mmap
import os
import pathlib
import socket
import subprocess
import sys

import seccomp


def read_service(unit):
    """The settings of [Service]: name -> list of values."""
    settings = {}
    section = ""
    for line in pathlib.Path(unit).read_text().splitlines():
        if line.startswith("["):
            section = line
        elif "=" in line and not line.startswith("#") and section == "[Service]":
            name, _, value = line.partition("=")
            settings.setdefault(name, []).append(value)
    return settings


def members(word):
    """The system calls that a word of SystemCallFilter= names, by systemd's own sets."""
    if not word.startswith("@"):
        return {word}
    said = subprocess.run(["systemd-analyze", "syscall-filter", word], check=True, text=True, stdout=subprocess.PIPE)
    words = [line.strip() for line in said.stdout.splitlines()[1:]]
    return set().union(*(members(other) for other in words if other and not other.startswith("#")))


def allowed_calls(settings):
    """What the lines of SystemCallFilter= come to: a list of the allowed ones, each ~ takes away."""
    calls = set()
    for value in settings["SystemCallFilter"]:
        named = set().union(*(members(word) for word in value.lstrip("~").split()))
        calls = calls - named if value.startswith("~") else calls | named
    return calls


def add_rules(rules, call, settings):
    families = settings.get("RestrictAddressFamilies", [""])[0].split()
    both = mmap.PROT_WRITE | mmap.PROT_EXEC
    if call == "socket" and families:
        for family in families:
            rules.add_rule(seccomp.ALLOW, call, seccomp.Arg(0, seccomp.EQ, getattr(socket, family)))
    elif call == "mmap" and settings.get("MemoryDenyWriteExecute") == ["yes"]:
        for protection in 0, mmap.PROT_WRITE, mmap.PROT_EXEC:
            rules.add_rule(seccomp.ALLOW, call, seccomp.Arg(2, seccomp.MASKED_EQ, both, protection))
    elif call in ("mprotect", "pkey_mprotect") and settings.get("MemoryDenyWriteExecute") == ["yes"]:
        rules.add_rule(seccomp.ALLOW, call, seccomp.Arg(2, seccomp.MASKED_EQ, mmap.PROT_EXEC, 0))
    else:
        rules.add_rule(seccomp.ALLOW, call)


def load_filter(unit):
    settings = read_service(unit)
    rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
    for call in sorted(allowed_calls(settings)):
        if seccomp.resolve_syscall(seccomp.Arch(), call) >= 0:  # else it is another architecture's
            add_rules(rules, call, settings)
    rules.load()


if __name__ == "__main__":
    load_filter(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])
