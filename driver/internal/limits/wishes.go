package limits

import (
	"fmt"
	"slices"
	"strings"

	"gitlab-fargate-runners/driver/internal/config"
)

// wishes are the variables by which a job may choose something.
var wishes = []string{"FARGATE_CPU", "FARGATE_EPHEMERAL_STORAGE", "FARGATE_MEMORY", "FARGATE_PLATFORM_VERSION",
	"FARGATE_TASK_DEFINITION"}

// WithoutEffect returns a sentence for each of the job's variables that reads like a wish and is heard by nobody, which
// a job would not learn otherwise.
func WithoutEffect(variables []string, wanted config.Wanted) []string {
	var lines []string
	for _, name := range variables {
		if line := withoutEffect(name, wanted); line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

func withoutEffect(name string, wanted config.Wanted) string {
	bare := strings.TrimPrefix(name, "CUSTOM_ENV_")
	switch {
	case slices.Contains(wanted.Unheard, name):
		return name + " has no effect: this runner's command line chooses it"
	case bare == "ROLE_ARN":
		return name + " chooses no role for the task, which is this runner's (TaskRole in fargate.toml)"
	case !strings.HasPrefix(strings.ToUpper(bare), prefix) || slices.Contains(wishes, name):
		return ""
	case slices.Contains(wishes, bare):
		return fmt.Sprintf("%s has no effect: the runner itself puts CUSTOM_ENV_ in front; a job sets %s", name, bare)
	}
	if near := nearest(bare); near != "" {
		return fmt.Sprintf("%s has no effect; did you mean %s?", name, near)
	}
	return fmt.Sprintf("%s has no effect; what a job may choose is %s", name, strings.Join(wishes, ", "))
}

const prefix = "FARGATE_"

// nearest returns the wish of which the name has a part, or to which few letters lead, or "".
func nearest(name string) string {
	given := strings.TrimPrefix(strings.ToUpper(name), prefix)
	best, least := "", 0
	for _, wish := range wishes {
		known := strings.TrimPrefix(wish, prefix)
		if len(given) > 2 && (strings.Contains(known, given) || strings.Contains(given, known)) {
			return wish
		}
		if letters := distance(given, known); letters <= len(known)/2 && (best == "" || letters < least) {
			best, least = wish, letters
		}
	}
	return best
}

// distance is how many letters have to be put in, left out or exchanged to make one text of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
