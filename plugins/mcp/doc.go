// Package mcp mounts a server that speaks the Model Context Protocol as a
// plugin: its tools become the plugin's, with the same permissions, effects and
// bounds as those of any other. One instance stands for one server, which is a
// program that the instance runs, or an address that it reaches.
//
// The server is not trusted: what it says of its tools is cut, cleaned and
// checked before anyone reads it; so are its answers.
package mcp
