package telemetry

// MemoryOperation counts a read or a write of memories, and whether it worked.
func (m *Metrics) MemoryOperation(operation string, err error) {
	status := "ok"
	if err != nil {
		status = "error"
	}
	m.memoryOperations.WithLabelValues(memoryOperations.value(0, operation), memoryOperations.value(1, status)).Inc()
}
