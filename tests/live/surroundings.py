# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Where the program may have to run: without rights, in namespaces, beside mounts that hide what it looks for."""

import contextlib
import ctypes
import errno
import os
import pathlib
import platform
import resource
import shutil
import struct
import tempfile

import netns
from netns import libc
from outcome import Skipped
from tool import Program

NOBODY = "65534"
NEEDED = "bpf,perfmon,net_admin"    # the capabilities that the man page asks for
CLONE_NEWUSER = 0x10000000
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ERRNO = 0x00050000
SECCOMP_RET_ALLOW = 0x7FFF0000
LISTEN = {"x86_64": 50, "aarch64": 201}     # numbers of the system call


@contextlib.contextmanager
def copy_for_all(program):
    """Where a user without rights can run it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        copy = pathlib.Path(folder, "tcpstates")
        shutil.copy(program.path, copy)
        copy.chmod(0o755)
        yield str(copy)


def as_nobody(path, *capabilities):
    """With these capabilities alone."""
    sets = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    return Program(path, "setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--inh-caps", sets,
                  "--ambient-caps", sets, "--bounding-set", sets)


def check_user_namespaces():
    """The kernel makes none for a process whose root directory is not its mount namespace's (create_user_ns())."""
    process = os.fork()
    if not process:
        os._exit(ctypes.get_errno() if libc.unshare(CLONE_NEWUSER) else 0)
    error = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if error == errno.EPERM:
        raise Skipped("the kernel makes no user namespace here: in a chroot it never does")


def in_user_namespace(program):
    check_user_namespaces()
    return Program(program.path, "unshare", "--user", "--map-root-user")


def in_container(program):
    """Namespaces of its own, and their /proc; the user is the machine's root. Mounts are the test's own already."""
    return Program(program.path, "unshare", "--pid", "--fork", "--mount", "--propagation", "unchanged", "--net", "--uts",
                  "--mount-proc")


def unlimited_memory():
    """For a child: before 5.11 kernel programs count against the limit on locked memory. Where root may not raise it, as far
    as it may."""
    for most in resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]:
        with contextlib.suppress(ValueError, PermissionError):
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (most, most))
            return


def hide(place):
    """For this test, there is an empty folder."""
    netns.mount("none", place, "tmpfs")


def hide_in_sysfs(place):
    """There is an empty folder of sysfs: as if this kernel had nothing to put into it."""
    bare = tempfile.mkdtemp()
    netns.mount("/sys", bare, flags=netns.MS_BIND)
    netns.mount(f"{bare}/fs/cgroup", place, flags=netns.MS_BIND)


def no_listening():
    """For a child: its calls of listen() do nothing and say that all is well."""
    statement = lambda code, value, yes=0, no=0: struct.pack("HBBI", code, yes, no, value)
    code = (statement(0x20, 0) + statement(0x15, LISTEN[platform.machine()], 0, 1) +
            statement(0x06, SECCOMP_RET_ERRNO) + statement(0x06, SECCOMP_RET_ALLOW))
    room = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(room)))
    netns.checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    netns.checked(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program))
