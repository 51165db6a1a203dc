// Package services is what the host does for plugins: the contract
// jarvis.host.v1 on a Unix socket of the host's own. A plugin's process gets a
// token when it is configured; with it, the host knows which plugin asks, what
// was granted to it, and on whose behalf its running calls are. Everything else
// is refused.
package services
