// Package wire carries the contract of package sdk between processes: the
// handshake, the gRPC server in a plugin and the client in a host. Whoever
// writes a plugin needs package serve; whoever runs one, [Client].
package wire

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/jarvis-host/jarvis/sdk"
)

const (
	// ProtocolVersion is the major version of the contract: that of the proto
	// package.
	ProtocolVersion = 1
	// PluginName is the name under which go-plugin dispenses the contract.
	PluginName = "plugin"
	// MaxMessage is the most that one message may weigh, in bytes.
	MaxMessage = 4 << 20
)

// Handshake tells a process that a host started it.
var Handshake = plugin.HandshakeConfig{
	ProtocolVersion:  ProtocolVersion,
	MagicCookieKey:   "JARVIS_PLUGIN",
	MagicCookieValue: "jarvis-plugin-v1",
}

// GRPC is the go-plugin adapter of both sides. Dispensed in a host it is a
// [*Client].
type GRPC struct {
	plugin.NetRPCUnsupportedPlugin
	// Handler is what a plugin serves; a host needs none.
	Handler sdk.Handler
	// Detached is called each time a host that was attached is gone; nil is
	// allowed.
	Detached func()
}

var _ plugin.GRPCPlugin = (*GRPC)(nil)

// GRPCServer implements [plugin.GRPCPlugin].
func (g *GRPC) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	Register(s, g.Handler, g.Detached)
	return nil
}

// GRPCClient implements [plugin.GRPCPlugin].
func (g *GRPC) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return NewClient(conn), nil
}

// PluginSet is what both sides give to go-plugin, by protocol version. A host
// passes nil for both.
func PluginSet(h sdk.Handler, detached func()) map[int]plugin.PluginSet {
	return map[int]plugin.PluginSet{ProtocolVersion: {PluginName: &GRPC{Handler: h, Detached: detached}}}
}

// NewServer returns a gRPC server with the contract's bounds.
func NewServer(opts []grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(opts, grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage))...)
}
