// Package snowplow is a stub: this build sends no usage events.
package snowplow

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"gitlab.com/gitlab-org/labkit/v2/events/snowplow/metrics"
	"gitlab.com/gitlab-org/labkit/v2/events/snowplow/oidc"
)

var errNotBuilt = errors.New("usage events are not part of this build")

// SendResult is the outcome of sending a batch.
type SendResult struct {
	EventCount, StatusCode int
	Err                    error
}

// SendCallback is told of each batch.
type SendCallback = func(successes, failures []SendResult)

// EmitterOption configures an emitter.
type EmitterOption func()

// WithCallback does nothing.
func WithCallback(SendCallback) EmitterOption { return func() {} }

// WithTokenSource does nothing.
func WithTokenSource(*oidc.Source) EmitterOption { return func() {} }

// WithMetricsCollectorOptions does nothing.
func WithMetricsCollectorOptions(...metrics.CollectorOption) EmitterOption { return func() {} }

// Emitter would send events.
type Emitter struct{}

// NewEmitter fails always.
func NewEmitter(string, ...EmitterOption) (*Emitter, error) { return nil, errNotBuilt }

// Collector is never reached.
func (*Emitter) Collector() prometheus.Collector { return nil }

// Tracker would queue events.
type Tracker struct{}

// NewTracker fails always.
func NewTracker(string, *Emitter) (*Tracker, error) { return nil, errNotBuilt }

// BillingEventRequiredInput is what an event must have.
type BillingEventRequiredInput struct {
	Category, EventType, Realm, UnitOfMeasure string
	Quantity                                  float64
}

// BillingEventOptionalInput is what an event may have.
type BillingEventOptionalInput struct {
	Subject, DeploymentType, InstanceID, UniqueInstanceID   string
	ProjectID, NamespaceID, RootNamespaceID, OrganizationID int64
	Metadata                                                map[string]any
}

// TrackBillingEventWithOptionalInput fails always.
func (*Tracker) TrackBillingEventWithOptionalInput(BillingEventRequiredInput, BillingEventOptionalInput) error {
	return errNotBuilt
}

// Stop does nothing.
func (*Tracker) Stop() {}
