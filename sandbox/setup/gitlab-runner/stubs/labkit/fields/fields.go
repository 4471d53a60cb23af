// Package fields is a stub with the log fields that GitLab Runner names.
package fields

// Names of log fields.
const (
	HTTPStatusCode = "http_status_code"
	DurationS      = "duration_s"
)

// Deprecation names the field that took an older one's place.
type Deprecation struct{ Standard string }

// Deprecated is empty: every field keeps the name that the runner gives it.
var Deprecated = map[string]Deprecation{}

// VariantVersion is empty as well.
var VariantVersion = map[string]int{}
