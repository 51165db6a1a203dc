// Command jarvis-plugin-mcp mounts a server that speaks the Model Context
// Protocol as a Jarvis plugin.
package main

import (
	"log/slog"
	"os"

	"github.com/jarvis-host/jarvis/plugins/mcp"
	"github.com/jarvis-host/jarvis/sdk/serve"
)

func main() {
	serve.Main(mcp.New(mcp.Options{Ended: func(err error) {
		slog.Error("the server is gone, and this process with it", "error", err)
		os.Exit(1)
	}}))
}
