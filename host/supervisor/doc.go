// Package supervisor runs the plugins: one process each, and one goroutine a
// plugin that starts it, watches it, restarts it and knows at every moment in
// which state it is and why.
//
// Only verified copies run: a plugin's program is hashed while it is copied into
// the data folder, and hashed again before each use. A plugin that fails never
// delays the host or another plugin.
package supervisor
