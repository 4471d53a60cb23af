/** What a container on Fargate may not do: it has Docker's default capabilities and its default filter of system calls. */
import type { ContainerDefinition } from "./types";

/** https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities */
const defaultCapabilities = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];

/** Only root has them from the start; another user's programs can get no more than these (setuid programs, say). */
export function capabilities(uid: number, { linuxParameters = {} }: ContainerDefinition): object {
  const { add = [], drop = [] } = linuxParameters.capabilities ?? {};
  const kept = drop.includes("ALL") ? [] : defaultCapabilities.filter((name) => !drop.includes(name));
  const bounding = [...kept, ...add].map((name) => `CAP_${name}`);
  return uid === 0 ? { bounding, effective: bounding, permitted: bounding } : { bounding };
}

/**
 * What Docker's default profile keeps from a container without CAP_SYS_ADMIN and is not kept from it anyway:
 * https://docs.docker.com/engine/security/seccomp/. Docker lists what is allowed; here is what it leaves out.
 */
const blocked = [
  ...["acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module"],
  ...["finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "get_kernel_syms", "get_mempolicy", "init_module"],
  ...["io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kexec_file_load", "kexec_load"],
  ...["keyctl", "lookup_dcookie", "mbind", "mount", "mount_setattr", "move_mount", "move_pages", "nfsservctl"],
  ...["open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "query_module", "quotactl", "reboot"],
  ...["request_key", "set_mempolicy", "setns", "settimeofday", "stime", "swapoff", "swapon", "sysfs", "_sysctl"],
  ...["umount", "umount2", "unshare", "uselib", "userfaultfd", "ustat", "vm86", "vm86old"],
];

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET: linux/sched.h. */
const newNamespaces = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];
const [eperm, enosys] = [1, 38];

/** runc's filter. clone3 hides its flags from a filter; without it, programs take clone. */
export const systemCallFilter = {
  defaultAction: "SCMP_ACT_ALLOW",
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  syscalls: [
    { names: blocked, action: "SCMP_ACT_ERRNO", errnoRet: eperm },
    { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: enosys },
    // One rule for each kind of namespace: a filter compares masked bits with one value.
    ...newNamespaces.map((bit) => ({
      names: ["clone"],
      action: "SCMP_ACT_ERRNO",
      errnoRet: eperm,
      args: [{ index: 0, value: bit, valueTwo: bit, op: "SCMP_CMP_MASKED_EQ" }],
    })),
  ],
};

/** Of /proc and /sys: https://github.com/moby/moby/blob/master/oci/defaults.go */
export const maskedPaths = [
  ...["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug"],
  ...["/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware"],
];
export const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
