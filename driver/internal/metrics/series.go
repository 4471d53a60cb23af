package metrics

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// series holds samples by name and labels, in the order in which the file lists them.
type series struct {
	order  []string
	values map[string]float64
}

// read returns the file's samples. It leaves out lines that are no samples.
func read(path string) (series, error) {
	all := series{values: map[string]float64{}}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, err
	}
	for line := range strings.Lines(string(content)) {
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if value, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64); err == nil {
			all.set(line[:at], value)
		}
	}
	return all, nil
}

func (s *series) set(key string, value float64) {
	if _, known := s.values[key]; !known {
		s.order = append(s.order, key)
	}
	s.values[key] = value
}

func (s *series) add(name, labels string, value float64) {
	key := name
	if labels != "" {
		key += "{" + labels + "}"
	}
	s.set(key, s.values[key]+value)
}

// observe adds to a histogram.
func (s *series) observe(name, labels string, bounds []float64, took time.Duration) {
	prefix := labels
	if labels != "" {
		prefix += ","
	}
	for _, bound := range bounds {
		within := 0.0
		if took.Seconds() <= bound {
			within = 1
		}
		s.add(name+"_bucket", prefix+fmt.Sprintf("le=%q", strconv.FormatFloat(bound, 'g', -1, 64)), within)
	}
	s.add(name+"_bucket", prefix+`le="+Inf"`, 1)
	s.add(name+"_sum", labels, took.Seconds())
	s.add(name+"_count", labels, 1)
}

// print writes the samples of a metric.
func (s *series) print(to io.Writer, metric string) {
	names := []string{metric, metric + "_bucket", metric + "_sum", metric + "_count"}
	for _, key := range s.order {
		if name, _, _ := strings.Cut(key, "{"); slices.Contains(names, name) {
			_, _ = fmt.Fprintf(to, "%s %s\n", key, strconv.FormatFloat(s.values[key], 'g', -1, 64))
		}
	}
}
