package report

import (
	"fmt"
	"syscall"
)

// DiskUsedPercent is how full a file system is for users other than root, from 0 to 100, as df counts it.
func DiskUsedPercent(path string) (float64, error) {
	var found syscall.Statfs_t
	if err := syscall.Statfs(path, &found); err != nil {
		return 0, fmt.Errorf("looking at the file system of %s: %w", path, err)
	}
	used := found.Blocks - found.Bfree
	if used+found.Bavail == 0 {
		return 0, fmt.Errorf("looking at the file system of %s: it has no size", path)
	}
	return 100 * float64(used) / float64(used+found.Bavail), nil
}
