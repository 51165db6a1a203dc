// Package mcp offers the catalogue's tools to programs that speak the Model
// Context Protocol (https://modelcontextprotocol.io), over its streamable HTTP
// transport. A program sees and may call exactly what its credential may: the
// list and every call pass the same gate as a conversation's.
//
// Nothing is kept between requests: each one is answered by itself, so that a
// program may come back to another host, or after a restart.
package mcp
