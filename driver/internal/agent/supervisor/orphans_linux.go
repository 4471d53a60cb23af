package supervisor

import "syscall"

// prSetChildSubreaper is PR_SET_CHILD_SUBREAPER.
// https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
const prSetChildSubreaper = 36

// adoptOrphans makes this process the parent of its descendants whose own parent has ended. So the supervisor knows the
// stage's processes, whatever session they are in. It has to reap them.
func adoptOrphans() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0)
}
