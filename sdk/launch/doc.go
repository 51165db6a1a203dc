// Package launch runs one plugin process safely: the supervisor, the test kit
// and the conformance check all start plugins through it.
//
// A plugin is a stranger. It may print what it likes, fork, hang, lie about its
// address or grow; package launch sees to it that none of this reaches the
// host, and that nothing of the plugin is left when it ends. What each platform
// can promise is listed at [Containment].
package launch
