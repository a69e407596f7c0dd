"""The filter, run by a small interpreter of its language; its numbers, held against the kernel's headers."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from clearinghouse.prover.sandbox import seccomp

ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS, EAFNOSUPPORT = 0x50001, 0x50000 | 38, 0x50000 | 97
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def decide(program: bytes, audit: int, number: int, *arguments: int) -> int:
    """What the filter returns for one call."""
    data = struct.pack("<IIQ6Q", number, audit, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    code = list(struct.iter_unpack("<HBBI", program))
    at = value = 0
    while True:
        kind, if_true, if_false, constant = code[at]
        at += 1
        if kind == 0x20:
            (value,) = struct.unpack_from("<I", data, constant)
        elif kind == 0x06:
            return constant
        else:
            test = {0x15: value == constant, 0x35: value >= constant, 0x45: bool(value & constant)}[kind]
            at += if_true if test else if_false


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_listed_call_is_refused_and_common_ones_are_not(machine: str) -> None:
    view, program = seccomp.MACHINES[machine], seccomp.program(machine)
    refused = {pair[view.column] for pair in seccomp._REFUSED.values()} - {None}
    special = {view.clone, view.clone3, view.socket, view.ioctl, view.personality}
    for number in range(seccomp._FIRST_UNKNOWN):
        if number not in special:
            expected = EPERM if number in refused else ALLOW
            assert decide(program, view.audit, number) == expected, number


def test_calls_newer_than_the_table_do_not_exist(machine: str) -> None:
    view, program = seccomp.MACHINES[machine], seccomp.program(machine)
    assert decide(program, view.audit, seccomp._FIRST_UNKNOWN) == ENOSYS
    assert decide(program, view.audit, view.clone3) == ENOSYS


def test_foreign_architectures_are_killed(machine: str) -> None:
    program = seccomp.program(machine)
    assert decide(program, 0x40000003, 1) == KILL  # i386
    assert decide(program, 0x40000028, 1) == KILL  # arm
    assert decide(seccomp.program("x86_64"), 0xC000003E, 0x40000001) == KILL  # x32


def test_arguments_decide_about_clone_sockets_terminals_and_personalities(machine: str) -> None:
    view, program = seccomp.MACHINES[machine], seccomp.program(machine)

    def ask(number: int, *arguments: int) -> int:
        return decide(program, view.audit, number, *arguments)

    assert ask(view.clone, 0x003D0F00) == ALLOW  # a thread
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert ask(view.clone, flag | 17) == EPERM
    assert [ask(view.socket, family) for family in (1, 2, 10)] == [ALLOW] * 3
    assert {ask(view.socket, family) for family in (0, 3, 16, 17, 38, 40, 44)} == {EAFNOSUPPORT}
    assert ask(view.socket, (1 << 32) | 40) == EAFNOSUPPORT  # the kernel looks at the low half only
    assert [ask(view.ioctl, 0, command) for command in (0x5412, 0x541C, (1 << 32) | 0x5412)] == [EPERM] * 3
    assert ask(view.ioctl, 0, 0x5401) == ALLOW
    assert [ask(view.personality, value) for value in (0, 0x40000, 0xFFFFFFFF)] == [ALLOW] * 3
    assert ask(view.personality, 0x0400000) == EPERM


def test_what_limits_or_slows_a_process_spares_the_init(machine: str) -> None:
    view, program = seccomp.MACHINES[machine], seccomp.program(machine)
    for pair in seccomp._NOT_ON_INIT.values():
        decisions = [decide(program, view.audit, pair[view.column], pid) for pid in (0, 2, 1, (1 << 32) | 1)]
        assert decisions == [ALLOW, ALLOW, EPERM, EPERM]
    own, other, init = [decide(program, view.audit, view.setpriority, 0, who) for who in (0, 7, 1)]
    assert (own, other, init) == (ALLOW, ALLOW, EPERM)
    assert [decide(program, view.audit, view.setpriority, which, 0) for which in (1, 2)] == [EPERM, EPERM]


def test_the_numbers_are_the_kernels(machine: str) -> None:
    if not HEADERS[machine].is_file():
        pytest.skip(f"{HEADERS[machine]} is not installed")
    text = HEADERS[machine].read_text()
    known = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    view = seccomp.MACHINES[machine]
    ours = {name: pair[view.column] for name, pair in seccomp._REFUSED.items()}
    special = ("clone", "clone3", "socket", "ioctl", "personality", "setpriority")
    ours |= {name: getattr(view, name) for name in special}
    ours |= {name: pair[view.column] for name, pair in seccomp._NOT_ON_INIT.items()}
    newest = max(known.values())
    for name, number in ours.items():
        if number is not None and number <= newest:
            assert known.get(name) == number, name
        elif number is None:
            assert name not in known
