// Package eval measures how well a memory finds what was said: on a set of
// conversations of our own in French and English, and on LoCoMo (Maharana et
// al., ACL 2024), whose file the caller brings.
package eval
