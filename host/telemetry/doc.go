// Package telemetry is how the host tells its operator what it does: the log
// with its keys, request ids, and the metrics with their closed sets of labels.
//
// A log record has a constant message in lower case; everything that varies is
// a field whose key is one of the constants here. What people say is never
// logged at level info.
package telemetry
