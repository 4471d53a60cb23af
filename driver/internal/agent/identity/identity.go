// Package identity turns a process that a container has started as root into the user whom its image names.
package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// User is a user as a container's runtime knows it.
type User struct {
	UID, GID int
	// Groups are the supplementary groups.
	Groups []int
	Home   string
}

// Find looks a user up in the container's /etc/passwd and /etc/group, of which root is the folder /. text is "user" or
// "user:group", each a name or a number. As with Docker a number need not be in the files, and a user whose group is named
// is in no other one.
// https://docs.docker.com/reference/dockerfile/#user
func Find(root, text string) (User, error) {
	name, group, hasGroup := strings.Cut(text, ":")
	passwd, err := entries(root, "passwd", 7)
	if err != nil {
		return User{}, err
	}
	groups, err := entries(root, "group", 4)
	if err != nil {
		return User{}, err
	}
	found := User{Home: "/"}
	own := ""
	if entry := find(passwd, name); entry != nil {
		own, name, found.Home = entry[0], entry[2], entry[5]
		if found.GID, err = number(entry[3]); err != nil {
			return User{}, fmt.Errorf("the group of user %s in /etc/passwd: %w", own, err)
		}
	}
	if found.UID, err = number(name); err != nil {
		return User{}, fmt.Errorf("unable to find user %s: no matching entries in passwd file", name)
	}
	if hasGroup {
		if entry := find(groups, group); entry != nil {
			group = entry[2]
		}
		if found.GID, err = number(group); err != nil {
			return User{}, fmt.Errorf("unable to find group %s: no matching entries in group file", group)
		}
		return found, nil
	}
	for _, entry := range groups {
		if id, err := number(entry[2]); err == nil && own != "" && slices.Contains(strings.Split(entry[3], ","), own) {
			found.Groups = append(found.Groups, id)
		}
	}
	return found, nil
}

// find returns the entry of a name, or of a number.
func find(all [][]string, text string) []string {
	for _, entry := range all {
		if entry[0] == text || entry[2] == text {
			return entry
		}
	}
	return nil
}

func number(text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err == nil && n < 0 {
		err = errors.New("it is negative")
	}
	return int(n), err
}

// entries reads the lines of passwd(5) or group(5). An image need not have the file.
func entries(root, file string, fields int) (all [][]string, err error) {
	content, err := os.ReadFile(filepath.Join(root, "etc", file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for line := range strings.Lines(string(content)) {
		if entry := strings.Split(strings.TrimSuffix(line, "\n"), ":"); len(entry) >= fields {
			all = append(all, entry)
		}
	}
	return all, err
}

// Environment is the environment with the user's home, where it has root's: a runtime sets it by the user as whom it
// starts a container, and an image that sets its own has that for all users.
func (u User) Environment(environment []string, rootHome string) []string {
	changed := slices.Clone(environment)
	for i, entry := range changed {
		if entry == "HOME="+rootHome {
			changed[i] = "HOME=" + u.Home
		}
	}
	return changed
}
