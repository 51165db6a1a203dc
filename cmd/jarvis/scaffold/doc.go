// Package scaffold writes new plugins: a folder that builds, passes its tests
// and `jarvis plugin verify` as it is. What it writes needs no network: the SDK
// travels in the program.
package scaffold
