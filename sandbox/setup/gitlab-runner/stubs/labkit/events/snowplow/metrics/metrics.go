// Package metrics is a stub: this build sends no usage events.
package metrics

// CollectorOption configures a collector.
type CollectorOption func()

// WithCollectorNamespace does nothing.
func WithCollectorNamespace(string) CollectorOption { return func() {} }

// WithCollectorBatchDeliveryDurationBuckets does nothing.
func WithCollectorBatchDeliveryDurationBuckets([]float64) CollectorOption { return func() {} }
