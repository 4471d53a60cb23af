package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// The reference in docs/driver.md has every key, and none that there isn't.
func TestReference(t *testing.T) {
	content, err := os.ReadFile("../../../docs/driver.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(content), "## Configuration")
	table, _, _ = strings.Cut(table, "\n## ")
	documented := map[string]bool{}
	for _, line := range strings.Split(table, "\n") {
		cell, isRow := strings.CutPrefix(line, "| `")
		if !isRow {
			continue
		}
		cell, _, _ = strings.Cut(cell, " |")
		for _, key := range strings.Split(cell, ",") {
			documented[strings.Trim(key, " `")] = true
		}
	}
	known := map[string]bool{}
	var walk func(reflect.Type, string)
	walk = func(section reflect.Type, prefix string) {
		for i := range section.NumField() {
			field := section.Field(i)
			if field.Tag.Get("toml") == "-" {
				continue
			}
			if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[Duration]() {
				walk(field.Type, field.Name+".")
				continue
			}
			known[prefix+field.Name] = true
		}
	}
	walk(reflect.TypeFor[Config](), "")
	for key := range known {
		if !documented[key] {
			t.Errorf("docs/driver.md does not have %s", key)
		}
	}
	for key := range documented {
		if !known[key] {
			t.Errorf("docs/driver.md has %s, which is no key", key)
		}
	}
}
