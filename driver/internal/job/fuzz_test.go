package job

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var keyForm = regexp.MustCompile(`^job-[0-9]{1,19}-[0-9a-f]{16}$`)
var decimal = regexp.MustCompile(`^[0-9]{1,19}$`)

// Whatever the payload says: an error, or an identity that is a safe file name and that ECS takes.
func FuzzLoad(f *testing.F) {
	for _, content := range []string{
		`{"id":7,"token":"jobtok-7","job_info":{"project_id":3},"runner_info":{"timeout":3600}}`,
		`{"id":7,"variables":[{"key":"CI_RUNNER_ID","value":"12"},` +
			`{"key":"CI_JOB_STARTED_AT","value":"2026-11-25T01:02:03Z"}]}`,
		`{"id":7,"image":{"name":"a"},"services":[{"name":"b"},{}]}`,
		`{"id":7,"image":null,"services":null,"variables":null}`,
		`{"id":-1}`, `{"id":9223372036854775807}`, `{"id":9223372036854775808}`, `{"id":"7"}`,
		`{"id":7,"runner_info":{"timeout":-5}}`, `{`, ``, `null`, `[]`,
	} {
		f.Add([]byte(content), "../../x")
	}
	file := filepath.Join(f.TempDir(), "job.json")
	f.Fuzz(func(t *testing.T, content []byte, variable string) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		job, err := Load(func(name string) string {
			if name == "JOB_RESPONSE_FILE" {
				return file
			}
			return variable
		}, "host")
		if err != nil {
			return
		}
		by := job.StartedBy()
		if key, ours := KeyOf(by); !ours || key != job.Key() || !keyForm.MatchString(key) || len(by) > 128 {
			t.Errorf("startedBy %q, key %q", by, job.Key())
		}
		if job.Timeout < 0 || job.Timeout > maxTimeout*time.Second {
			t.Errorf("timeout %s", job.Timeout)
		}
		for key, value := range job.Tags() {
			if !strings.HasPrefix(key, "gitlab-") || !decimal.MatchString(value) {
				t.Errorf("tag %q = %q", key, value)
			}
		}
	})
}
