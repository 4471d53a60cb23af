// Command registry serves the images of the sandbox's account: the registry of the distribution project, with folders as its
// only storage.
//
//	registry CONFIGURATION
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/sirupsen/logrus"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	config, err := configuration.Parse(file)
	if err != nil {
		log.Fatal(err)
	}
	logrus.SetLevel(logrus.WarnLevel)
	log.Fatal(http.ListenAndServe(config.HTTP.Addr, handlers.NewApp(context.Background(), config)))
}
