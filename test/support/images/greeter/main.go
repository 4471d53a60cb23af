// Command greeter is all that an image without a shell has in it: it greets whoever connects to port 8080.
package main

import (
	"fmt"
	"log"
	"net"
)

func main() {
	listener, err := net.Listen("tcp", ":8080")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening")
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		// Who has gone already hears nothing.
		_, _ = fmt.Fprintln(connection, "hello")
		_ = connection.Close()
	}
}
