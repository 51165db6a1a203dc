package scaffold

import (
	"errors"
	"os/exec"
)

// Python finds an interpreter that has what a Python plugin needs.
func Python() (string, error) {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if exec.Command(path, "-c", "import grpc, google.protobuf, cryptography").Run() == nil {
			return path, nil
		}
	}
	return "", errors.New("no python3 with grpcio, protobuf and cryptography; on Debian: apt install python3-grpcio python3-protobuf python3-cryptography")
}

// Interpreter is what to type to run a Python plugin: python3, or the path of one
// that has what the helper needs where that has not.
func Interpreter() string {
	usual, err := exec.LookPath("python3")
	if found, missing := Python(); err == nil && missing == nil && found != usual {
		return found
	}
	return "python3"
}
