package footprint

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// unmapOwn takes the program's code and constants out of the process's memory. They stay in the page cache, from where
// each page that is still needed comes back at its next use.
func unmapOwn() {
	own, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(maps)) {
		// "from-to permissions offset device inode path", https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.HasSuffix(line, own+"\n") || strings.Contains(fields[1], "w") {
			continue // what is not the file's own content would be lost
		}
		first, last, _ := strings.Cut(fields[0], "-")
		from, fromErr := strconv.ParseUint(first, 16, 64)
		to, toErr := strconv.ParseUint(last, 16, 64)
		if fromErr == nil && toErr == nil {
			// It is advice: where it is not taken, nothing is lost but memory.
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(from), uintptr(to-from), syscall.MADV_DONTNEED)
		}
	}
}
