// Package server is a stub: the wrapper command is not part of this build.
package server

import "net"

// Server would serve the wrapper's API.
type Server struct{}

// New makes a server that serves nothing.
func New(...any) *Server { return &Server{} }

// Listen does nothing.
func (*Server) Listen(net.Listener) {}

// Stop does nothing.
func (*Server) Stop() {}
