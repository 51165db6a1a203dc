// Command jarvis-plugin-weather is the weather as a Jarvis plugin.
package main

import (
	"github.com/jarvis-host/jarvis/plugins/weather"
	"github.com/jarvis-host/jarvis/sdk/serve"
)

func main() { serve.Main(weather.New()) }
