// Package integration talks with real servers of language models, which run a
// tiny model that the project makes itself: llama.cpp's own server as it is
// packaged on PyPI, and Ollama where it is installed. Its tests have the build
// tag integration; `make integration` runs them.
package integration
