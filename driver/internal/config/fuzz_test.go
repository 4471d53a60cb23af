package config

import (
	"strings"
	"testing"
)

// What Parse accepts is complete and within bounds; what it does not accept it explains, each line with the file's
// name.
func FuzzParse(f *testing.F) {
	for _, content := range []string{minimal, community, "", "[Fargate]\nClustr = 1", "[Fargate]\nStartTimeout = 5",
		"a = \"", "[[Fargate.CapacityProviders]]\nName = \"FARGATE\"", "[Fargate.Tags]\na = 1"} {
		f.Add([]byte(content), "1.3.0")
	}
	f.Fuzz(func(t *testing.T, content []byte, variable string) {
		got, err := Parse("fargate.toml", content, func(string) string { return variable })
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(line, "fargate.toml:") {
					t.Errorf("a line without its place: %q of %q", line, err)
				}
			}
			return
		}
		if got.Fargate.Cluster == "" || len(got.Fargate.Subnets) == 0 || len(got.Fargate.SecurityGroups) == 0 ||
			got.Fargate.Subnet != "" ||
			got.Fargate.StartTimeout.Duration <= 0 || got.Fargate.MaxJobs < 0 || got.SSH.Port < 1 ||
			got.SSH.Port > 65535 {
			t.Errorf("accepted: %+v", got)
		}
	})
}
