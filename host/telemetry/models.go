package telemetry

// ModelRequest counts a request to a language model: ok, cancelled, or the class
// of its failure. The provider may be empty when none was asked.
func (m *Metrics) ModelRequest(provider, outcome string) {
	m.modelRequests.WithLabelValues(m.providers.value(provider), modelRequests.value(1, outcome)).Inc()
}

// ModelTokens counts what one request has read, written and cost. No label says
// for whom.
func (m *Metrics) ModelTokens(provider, model string, prompt, completion int, cost float64) {
	provider, model = m.providers.value(provider), m.models.value(model)
	m.modelTokens.WithLabelValues(provider, model, "prompt").Add(float64(max(prompt, 0)))
	m.modelTokens.WithLabelValues(provider, model, "completion").Add(float64(max(completion, 0)))
	m.modelCost.WithLabelValues(provider, model).Add(max(cost, 0))
}
