// Package bundle makes a plugin's program from its source folder, and an
// archive of it for others to install.
package bundle
