package registry

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
)

func TestKept(t *testing.T) {
	kept := KeptIn(t.TempDir())
	kept.most = 3
	of := func(i int) digest.Digest { return digest.FromString(fmt.Sprint(i)) }
	for i := range 5 {
		if err := kept.add(of(i), "amd64", &Config{User: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(time.Duration(i-10) * time.Minute)
		if err := os.Chtimes(kept.path(of(i), "amd64"), at, at); err != nil {
			t.Fatal(err)
		}
	}
	var users []string
	for i := range 5 {
		if found := kept.find(of(i), "amd64"); found != nil {
			users = append(users, found.User)
		}
	}
	if diff := cmp.Diff([]string{"2", "3", "4"}, users); diff != "" {
		t.Errorf("the oldest stay (-want +got):\n%s", diff)
	}
	if kept.find(of(4), "arm64") != nil {
		t.Error("another architecture's config is taken")
	}
	// A power cut may leave an empty file, and an older driver another content.
	for _, content := range []string{"", "{}", "["} {
		if err := os.WriteFile(kept.path(of(4), "amd64"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if found := kept.find(of(4), "amd64"); found != nil {
			t.Errorf("%q is taken for %+v", content, found)
		}
	}
	info, err := os.Stat(filepath.Dir(kept.path(of(4), "amd64")))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}
